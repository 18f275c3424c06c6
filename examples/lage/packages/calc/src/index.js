const { parse } = require('@calc/parser');

const apply = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};
const value = (tree) => {
  if (!Array.isArray(tree)) return tree;
  const [operator, left, right] = tree;
  return apply[operator](value(left), value(right));
};

exports.calculate = (line) => value(parse(line));
