// A file for each month.
const fs = require('fs');
const { month } = require('@almanac/calendar');

const year = Number(process.argv[2]);
fs.mkdirSync('lib', { recursive: true });
for (let n = 1; n <= 12; ++n)
  fs.writeFileSync(`lib/${year}-${String(n).padStart(2, '0')}.txt`, `${month(year, n).join('\n')}\n`);
