const assert = require('assert');
const { month } = require('.');

assert.equal(month(2024, 2).length, 5);
assert.equal(month(2024, 1)[0], ' 1* 2  3  4  5  6  7');
console.log('months are right');
