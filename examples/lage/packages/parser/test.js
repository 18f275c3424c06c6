const assert = require('assert');
const { parse } = require('.');

assert.deepEqual(parse('1+2*3'), ['+', 1, ['*', 2, 3]]);
assert.deepEqual(parse('(1+2)*3'), ['*', ['+', 1, 2], 3]);
console.log('trees grow');
