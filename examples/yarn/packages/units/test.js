const assert = require('assert');
const units = require('./lib/units.js');

for (const [name, { factor }] of Object.entries(units)) assert(factor > 0, name);
console.log(`${Object.keys(units).length} units have a factor`);
