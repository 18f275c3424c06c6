// The worker of the target `lint`: looks for what is not wanted in src, and leaves a log.
const fs = require('fs');
const path = require('path');

module.exports = async ({ target }) => {
  const rules = JSON.parse(fs.readFileSync(path.join(__dirname, 'rules.json'), 'utf8'));
  const found = [];
  for (const file of fs.readdirSync(path.join(target.cwd, 'src')).sort()) {
    const lines = fs.readFileSync(path.join(target.cwd, 'src', file), 'utf8').split('\n');
    lines.forEach((line, i) => {
      if (line.length > rules.width) found.push(`${file}:${i + 1}: longer than ${rules.width}`);
      for (const word of rules.words) if (line.includes(word)) found.push(`${file}:${i + 1}: '${word}'`);
    });
  }
  for (const one of found) console.log(one);
  if (found.length > 0) throw new Error(`${found.length} faults`);
  fs.writeFileSync(path.join(target.cwd, 'lint.log'), `${path.basename(target.cwd)} is fine\n`);
};
