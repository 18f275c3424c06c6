const fs = require('fs');
const assert = require('assert');

const icons = fs.readdirSync('lib');
for (const icon of icons) assert.match(fs.readFileSync(`lib/${icon}`, 'utf8'), /stroke="#[0-9a-f]{6}"/, icon);
console.log(`${icons.length} icons are fine`);
