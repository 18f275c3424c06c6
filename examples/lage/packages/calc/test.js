const assert = require('assert');
const { calculate } = require('.');

assert.equal(calculate('2 * (3 + 4) - 10 / 4'), 11.5);
console.log('it calculates');
