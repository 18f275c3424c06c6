// An SVG for each station, in a directory beside the packages.
const fs = require('fs');
const stations = require('../summary/summary.json');

const directory = process.argv[2];
fs.mkdirSync(directory, { recursive: true });
for (const [name, { rain, days }] of Object.entries(stations)) {
  const bar = `<rect width="${rain * 10}" height="20" fill="steelblue"/>`;
  const words = `<text y="40">${name}: ${rain} mm in ${days} days</text>`;
  fs.writeFileSync(`${directory}/${name}.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${bar}${words}</svg>\n`);
}
