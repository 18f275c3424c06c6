const assert = require('assert');
const { convert } = require('./lib/convert.js');

const near = (a, b) => assert(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);
near(convert(1, 'mile', 'foot'), 5280);
near(convert(16, 'ounce', 'gram'), 453.59237);
near(convert(0, 'celsius', 'kelvin'), 273.15);
near(convert(0, 'kelvin', 'celsius'), -273.15);
assert.throws(() => convert(1, 'mile', 'gram'), /length/);
console.log('5 conversions are right');
