const units = require('../units/lib/units.js');

const of = {};
for (const [name, { quantity }] of Object.entries(units)) (of[quantity] ??= []).push(name);
console.log('convert NUMBER FROM TO\n');
for (const [quantity, names] of Object.entries(of)) console.log(`${quantity}: ${names.join(', ')}`);
