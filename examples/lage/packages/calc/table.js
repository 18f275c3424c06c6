const { calculate } = require('./lib');

for (let n = 1; n <= 10; ++n) console.log(`${n} * ${n} = ${calculate(`${n} * ${n}`)}`);
