// Headings, lists, paragraphs and *emphasis*: what the pages of the club need.
function inline(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/\*(\w[^*]*)\*/g, '<em>$1</em>');
}

function block(text) {
  const heading = /^(#{1,3}) (.*)$/.exec(text);
  if (heading) return `<h${heading[1].length}>${inline(heading[2])}</h${heading[1].length}>`;
  const lines = text.split('\n');
  if (!lines.every((line) => line.startsWith('- '))) return `<p>${lines.map(inline).join('\n')}</p>`;
  return `<ul>\n${lines.map((line) => `  <li>${inline(line.slice(2))}</li>`).join('\n')}\n</ul>`;
}

exports.toHtml = (text) => text.trim().split(/\n{2,}/).map(block).join('\n') + '\n';
