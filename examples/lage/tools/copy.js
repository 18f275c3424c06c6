// copy.js: src/*.js to lib, without comments.
const fs = require('fs');

fs.mkdirSync('lib', { recursive: true });
for (const name of fs.readdirSync('src'))
  fs.writeFileSync(`lib/${name}`, fs.readFileSync(`src/${name}`, 'utf8').replace(/^\s*\/\/.*\n/gm, ''));
