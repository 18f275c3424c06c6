// Numbers, operators and parentheses of a line.
exports.tokens = (line) => {
  const found = line.match(/\d+(\.\d+)?|[-+*/()]|\S/g) ?? [];
  const wrong = found.find((one) => !/^[\d(+*/)-]/.test(one));
  if (wrong) throw new Error(`what is '${wrong}'?`);
  return found;
};
