// From the description of a reading: a parser of a line of CSV, and a page about it.
const fs = require('fs');

const fields = Object.entries(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')));
const checks = fields.map(([name, field], i) =>
  field.of
    ? `  check(${JSON.stringify(field.of)}.includes(cells[${i}]), '${name}');`
    : `  check(+cells[${i}] >= ${field.from} && +cells[${i}] <= ${field.to}, '${name}');`);
const members = fields.map(([name, { type }], i) => `${name}: ${type === 'number' ? '+' : ''}cells[${i}]`);
fs.rmSync('generated', { recursive: true, force: true });
fs.mkdirSync('generated');
fs.writeFileSync('generated/parse.js', `module.exports = (line) => {
  const cells = line.split(',');
  const check = (fine, name) => { if (!fine) throw new Error(\`\${name} in '\${line}'\`); };
${checks.join('\n')}
  return { ${members.join(', ')} };
};
`);
// One page for each field: which ones there are only the description knows.
for (const [name, { type, of, from, to }] of fields)
  fs.writeFileSync(`generated/${name}.md`, `# ${name}\n\nA ${type}, ${of ? of.join(' or ') : `${from} to ${to}`}.\n`);
