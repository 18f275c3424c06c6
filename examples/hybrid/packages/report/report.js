// For each text the words that occur more than once, most frequent first.
const fs = require('fs');

const counts = '../words/lib';
const lines = fs.readdirSync(counts).sort().map((file) => {
  const words = fs.readFileSync(`${counts}/${file}`, 'utf8').trim().split('\n').map((line) => line.split(' '));
  const frequent = words.filter(([count]) => count > 1).sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? -1 : 1));
  return `${file.replace('.count', '')}: ${frequent.map(([, word]) => word).join(', ')}`;
});
fs.writeFileSync('report.txt', `${lines.join('\n')}\n`);
