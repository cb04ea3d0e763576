/** Jest runs the TypeScript sources as native ES modules; esbuild only strips the types. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './test/support/jest-transform.js' },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.local', '<rootDir>/services', '<rootDir>/test/fixtures'],
  maxWorkers: 2,
};
