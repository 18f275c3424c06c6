// One page of HTML for each file in pages.
const fs = require('fs');
const { fill } = require('../template/lib/template.js');
const { toHtml } = require('../markup/lib/markup.js');

const layout = fs.readFileSync('../theme/lib/page.html', 'utf8');
const pages = fs.readdirSync('pages').sort().map((name) => {
  const text = fs.readFileSync(`pages/${name}`, 'utf8');
  return { file: name.replace(/\.md$/, '.html'), title: text.match(/^# (.*)/)[1], text };
});
const links = pages.map((page) => fill('<a href="{{file}}">{{title}}</a>', page)).join('');

fs.mkdirSync('public', { recursive: true });
for (const { file, title, text } of pages)
  fs.writeFileSync(`public/${file}`, fill(layout, { title, links, content: toHtml(text) }));
fs.copyFileSync('../theme/lib/style.css', 'public/style.css');
