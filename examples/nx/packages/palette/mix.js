// Each colour as #rrggbb, with a lighter one beside it.
const fs = require('fs');

const hex = (parts) => '#' + parts.map((part) => part.toString(16).padStart(2, '0')).join('');
const palette = {};
for (const line of fs.readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  const [name, ...numbers] = line.split(/\s+/);
  const parts = numbers.map(Number);
  palette[name] = { plain: hex(parts), light: hex(parts.map((part) => Math.round((part + 255) / 2))) };
}
console.log(JSON.stringify(palette, null, 2));
