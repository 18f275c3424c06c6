module.exports = {
  npmClient: 'npm',
  pipeline: {
    build: ['^build'],
    test: ['build'],
    // No script, but a function that lage calls, in a process of its own for each package.
    lint: {
      type: 'worker',
      options: { worker: 'tools/lint.js' },
    },
  },
};
