// Joins src/*.js to one module, without comments.
const fs = require('fs');

const parts = fs.readdirSync('src').sort().map((name) => fs.readFileSync(`src/${name}`, 'utf8'));
const code = parts.join('').replace(/^\s*\/\/.*\n/gm, '');
fs.mkdirSync('lib', { recursive: true });
fs.writeFileSync('lib/template.js', `${code}module.exports = { escape, fill };\n`);
