// Copies a module without comments. Both packages use it, and no package.json says so.
const fs = require('fs');

const [from, to] = process.argv.slice(2);
fs.writeFileSync(to, fs.readFileSync(from, 'utf8').replace(/^\s*\/\/.*\n/gm, ''));
