// An SVG for each shape: `colour path`.
const fs = require('fs');
const path = require('path');

const palette = require('@gallery/palette/lib/palette.json');

fs.mkdirSync('lib', { recursive: true });
for (const name of fs.readdirSync('shapes').sort()) {
  const [colour, ...outline] = fs.readFileSync(path.join('shapes', name), 'utf8').trim().split(' ');
  const { plain, light } = palette[colour];
  const svg = `<svg viewBox="0 0 16 16"><path d="${outline.join(' ')}" fill="${light}" stroke="${plain}"/></svg>\n`;
  fs.writeFileSync(`lib/${name.replace('.txt', '.svg')}`, svg);
}
