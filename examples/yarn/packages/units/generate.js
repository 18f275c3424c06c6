// Generates a module from a table: name, quantity, factor, and where zero lies.
const fs = require('fs');

const [table, directory] = process.argv.slice(2);
const lines = fs.readFileSync(table, 'utf8').split('\n').filter((line) => /^\w/.test(line));
const units = lines.map((line) => {
  const [name, quantity, factor, zero = 0] = line.split(/\s+/);
  return `  ${name}: { quantity: '${quantity}', factor: ${factor}, zero: ${zero} },`;
});
fs.mkdirSync(directory, { recursive: true });
fs.writeFileSync(`${directory}/units.js`, `module.exports = {\n${units.join('\n')}\n};\n`);
