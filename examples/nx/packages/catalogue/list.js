const fs = require('fs');
const path = require('path');

const icons = path.join(path.dirname(require.resolve('@gallery/icons/package.json')), 'lib');
for (const name of fs.readdirSync(icons).sort())
  process.stdout.write(`<h2>${path.parse(name).name}</h2>\n${fs.readFileSync(path.join(icons, name), 'utf8')}`);
