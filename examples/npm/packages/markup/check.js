const assert = require('assert');
const { toHtml } = require('./lib/markup.js');

assert.equal(toHtml('# A *b* c'), '<h1>A <em>b</em> c</h1>\n');
assert.equal(toHtml('- a\n- b'), '<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\n');
