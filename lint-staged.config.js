const services = ['api', 'streaming', 'web'];

/** What is staged is formatted, linted, type-checked and tested before it is committed. */
export default {
  '*.{ts,js,json,md,yaml,yml,css,html}': 'prettier --write --ignore-unknown',
  '{functions,local,scripts,test,bench,eslint}/**/*.{ts,js}': [
    'eslint --max-warnings 0 --no-warn-ignored',
    () => 'npm run typecheck',
    (files) => `npm run jest -- --bail --passWithNoTests --findRelatedTests ${files.join(' ')}`,
  ],
  ...Object.fromEntries(
    services.map((service) => [
      `services/${service}/**/*.{ts,tsx}`,
      () =>
        ['lint', 'typecheck', 'test:unit'].map((script) => `npm run --prefix services/${service} ${script}`),
    ]),
  ),
};
