/**
 * The modules of k6 that scripts can import here, and what is in them. `createModules` makes exactly these; the bundler
 * refuses everything else before anything runs.
 */
export const moduleNames = {
  k6: ['check', 'fail', 'group', 'sleep'],
  'k6/http': [
    'del',
    'expectedStatuses',
    'get',
    'head',
    'options',
    'patch',
    'post',
    'put',
    'request',
    'setResponseCallback',
  ],
  'k6/metrics': ['Counter', 'Gauge', 'Rate', 'Trend'],
  'k6/ws': ['connect'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ModuleName = keyof typeof moduleNames;
export type Modules = {
  readonly [Name in ModuleName]: Readonly<Record<(typeof moduleNames)[Name][number], unknown>>;
};
