#!/usr/bin/env node
const { convert } = require('../../convert/lib/convert.js');

const [number, from, to] = process.argv.slice(2);
// Six digits: nobody wants 0.9144000000000001.
console.log(Number(convert(Number(number), from, to).toPrecision(6)));
