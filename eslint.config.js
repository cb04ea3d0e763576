import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import onlyImportDirections from './eslint/only-import-directions.js';

export default tseslint.config(
  {
    ignores: ['node_modules', '**/dist', '**/reports', '**/coverage', '.local', 'services', 'test/fixtures'],
  },
  js.configs.recommended,
  ...onlyImportDirections,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // An async handler that happens not to await is still a handler.
      '@typescript-eslint/require-await': 'off',
      // Ports are records of functions: nothing here uses `this`, so taking one out of its record is safe.
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: ['error', 'always'],
    },
  },
  { files: ['**/*.js'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
);
