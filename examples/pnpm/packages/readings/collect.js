const fs = require('fs');
const parse = require('../schema/generated/parse.js');

const readings = fs.readdirSync('raw').sort().flatMap((file) =>
  fs.readFileSync(`raw/${file}`, 'utf8').trim().split('\n').filter((line) => !line.startsWith('#')).map(parse));
fs.mkdirSync('out', { recursive: true });
fs.writeFileSync('out/readings.json', `[\n${readings.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
