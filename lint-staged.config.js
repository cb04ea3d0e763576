const services = ['api', 'streaming', 'telemetry', 'web'];

/** What is staged is formatted, linted, type-checked and tested before it is committed; whole pipelines (test/e2e) are CI's. */
export default {
  '*.{ts,js,json,md,yaml,yml,css,html}': 'prettier --write --ignore-unknown',
  '{functions,local,scripts,test,bench,eslint}/**/*.{ts,js}': [
    'eslint --max-warnings 0 --no-warn-ignored',
    () => 'npm run typecheck',
    (files) =>
      `npm run jest -- --bail --passWithNoTests --testPathIgnorePatterns test/e2e --findRelatedTests ${files.join(' ')}`,
  ],
  ...Object.fromEntries(
    services.map((service) => [
      `services/${service}/**/*.{ts,tsx}`,
      () =>
        ['lint', 'typecheck', 'test:unit'].map((script) => `npm run --prefix services/${service} ${script}`),
    ]),
  ),
};
