const assert = require('assert');
const { tokens } = require('.');

assert.deepEqual(tokens('1+ 2.5*(3)'), ['1', '+', '2.5', '*', '(', '3', ')']);
assert.throws(() => tokens('1 % 2'), /what is '%'/);
console.log('tokens are found');
