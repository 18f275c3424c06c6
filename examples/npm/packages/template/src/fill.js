// {{name}} is escaped, {{{name}}} is put in as it is; a name without a value is an error.
function fill(template, values) {
  const value = (name) => {
    if (!(name in values)) throw new Error(`no value for {{${name}}}`);
    return values[name];
  };
  return template
    .replace(/\{\{\{(\w+)\}\}\}/g, (all, name) => value(name))
    .replace(/\{\{(\w+)\}\}/g, (all, name) => escape(value(name)));
}
