import { importDirections } from './import-directions.js';

/** The import directions alone: part of the project's configuration, and what their test runs. */
export default [
  {
    plugins: { slipway: { rules: { 'import-directions': importDirections } } },
    rules: { 'slipway/import-directions': 'error' },
  },
];
