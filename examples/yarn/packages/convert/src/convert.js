const units = require('../../units/lib/units.js');

// Through base units, so that n units need n factors and not n * n.
function convert(number, from, to) {
  const a = units[from], b = units[to];
  if (!a || !b) throw new Error(`no unit '${a ? to : from}'`);
  if (a.quantity !== b.quantity) throw new Error(`${from} is ${a.quantity}, ${to} is ${b.quantity}`);
  return ((number + a.zero) * a.factor) / b.factor - b.zero;
}

module.exports = { convert };
