// Puts the values of colours.json into the style sheets, and the sheets into one.
const fs = require('fs');

const colours = JSON.parse(fs.readFileSync('colours.json', 'utf8'));
let css = '';
for (const name of fs.readdirSync('styles').sort())
  css += fs.readFileSync(`styles/${name}`, 'utf8').replace(/\$(\w+)/g, (all, colour) => colours[colour]);
fs.mkdirSync('lib', { recursive: true });
fs.writeFileSync('lib/style.css', css);
fs.copyFileSync('page.html', 'lib/page.html');
