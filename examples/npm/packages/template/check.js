// Runs after the script `build`, as npm runs `postbuild`.
const assert = require('assert');
const { fill } = require('./lib/template.js');

assert.equal(fill('<b>{{name}}</b>', { name: 'Salt & Pepper' }), '<b>Salt &amp; Pepper</b>');
assert.equal(fill('{{{html}}}', { html: '<i>' }), '<i>');
assert.throws(() => fill('{{missing}}', {}), /no value/);
