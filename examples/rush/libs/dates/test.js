const assert = require('assert');
const { leap, days, weekday, feast } = require('.');

assert(leap(2000) && !leap(1900) && leap(2024));
assert.equal(days(2023, 2), 28);
assert.equal(weekday(2024, 1, 1), 0);
assert.equal(weekday(2000, 2, 29), 1);
assert.equal(feast(12, 25), 'Christmas');
console.log('dates are right');
