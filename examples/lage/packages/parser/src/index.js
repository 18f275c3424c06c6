const { tokens } = require('@calc/tokens');

// A tree of [operator, left, right]. Each level of precedence calls the next one.
const levels = [['+', '-'], ['*', '/']];

exports.parse = (line) => {
  const rest = tokens(line);
  const level = (n) => {
    if (n === levels.length) return value();
    let left = level(n + 1);
    while (levels[n].includes(rest[0])) left = [rest.shift(), left, level(n + 1)];
    return left;
  };
  const value = () => {
    const one = rest.shift();
    if (one !== '(') return Number(one);
    const inner = level(0);
    if (rest.shift() !== ')') throw new Error("')' is missing");
    return inner;
  };
  return level(0);
};
