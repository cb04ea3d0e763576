import { expect, test } from '@jest/globals';
import { death, failureCause } from '../../../functions/verification/failure-cause.ts';

const notListening =
  'The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout is too short.';
const exit = (code: number): { at: string; text: string }[] => [
  { at: '', text: 'Starting new instance. Reason: DEPLOYMENT_ROLLOUT - x' },
  { at: '', text: `Container called exit(${code}).` },
];

test.each<[string, string, number | undefined, string[], string, string]>([
  [
    'a throw at the top',
    notListening,
    1,
    ['file:///app/server.js:1', 'TypeError: x is not a function'],
    'crashed-at-start',
    'crashed at start (TypeError, exit 1)',
  ],
  [
    'a module that is not there',
    notListening,
    1,
    ["Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/app/x'"],
    'crashed-at-start',
    'crashed at start (Error ERR_MODULE_NOT_FOUND, exit 1)',
  ],
  ['an exit without a word', notListening, 3, [], 'crashed-at-start', 'crashed at start (exit 3)'],
  [
    'our words for a missing variable',
    notListening,
    1,
    ['environment variable DATABASE_HOST is not set: …'],
    'missing-variable',
    'crashed at start (exit 1): environment variable DATABASE_HOST is not set',
  ],
  [
    'other words',
    notListening,
    1,
    ['Missing required environment variable: API_KEY'],
    'missing-variable',
    'environment variable API_KEY is not set',
  ],
  [
    'yet others',
    notListening,
    1,
    ['Error: STRIPE_SECRET_KEY is required'],
    'missing-variable',
    'environment variable STRIPE_SECRET_KEY is not set',
  ],
  [
    'a sentence that is about no variable',
    notListening,
    1,
    ['Error: the environment variable is missing'],
    'crashed-at-start',
    'crashed at start (Error, exit 1)',
  ],
  [
    'another port',
    notListening,
    undefined,
    ['listening on port 9999'],
    'wrong-port',
    'listens on the wrong port: its log says 9999, Cloud Run gave it PORT=8080',
  ],
  [
    'another port in an address',
    notListening,
    undefined,
    ['Server listening at http://0.0.0.0:3000'],
    'wrong-port',
    'its log says 3000',
  ],
  [
    'the right port, too late',
    notListening,
    undefined,
    ['listening on port 8080'],
    'never-listened',
    'never listened on PORT=8080',
  ],
  [
    'silence',
    notListening,
    undefined,
    [],
    'never-listened',
    'never listened on PORT=8080 within the startup time',
  ],
  [
    'a secret that is not there',
    'Secret projects/p/secrets/x/versions/latest was not found. Check it.',
    undefined,
    [],
    'not-started',
    'did not start: Secret projects/p/secrets/x/versions/latest was not found.',
  ],
])('%s', (_, message, code, container, kind, text) => {
  const cause = failureCause(message, { system: code === undefined ? [] : exit(code), container });
  expect(cause.kind).toBe(kind);
  expect(cause.text).toContain(text);
});

test('what the container writes is never quoted: it may hold secrets', () => {
  const container = [
    'Error: cannot connect to postgres://board:hunter2@10.0.0.1/board',
    'Bearer ya29.secret',
  ];
  const { text } = failureCause(notListening, { system: exit(1), container });
  expect(text).not.toMatch(/hunter2|postgres|ya29/);
});

test.each<[string, string[], string | undefined]>([
  ['nothing', [], undefined],
  ['an exit', ['Container called exit(1).'], 'exit 1'],
  ['the last one counts', ['Container called exit(1).', 'Container called exit(137).'], 'exit 137'],
  ['out of memory', ['Memory limit of 512 MiB exceeded.', 'Container terminated on signal 9.'], 'signal 9'],
  ['ended by Cloud Run, which needs it no longer', ['Container terminated on signal 15.'], undefined],
])('how a container ended: %s', (_, lines, expected) => {
  expect(death({ system: lines.map((text) => ({ at: '', text })), container: [] })).toBe(expected);
});

test('what looks like a key is no variable', () => {
  const { kind } = failureCause(notListening, {
    system: exit(1),
    container: ['environment variable: AKIAIOSFODNN7EXAMPLE'],
  });
  expect(kind).toBe('crashed-at-start');
});

test('a death before the watch began is none of its own', () => {
  const log = {
    system: [{ at: '2026-01-01T00:00:10.000Z', text: 'Container called exit(1).' }],
    container: [],
  };
  expect(death(log, false, Date.parse('2026-01-01T00:00:09.000Z'))).toBe('exit 1');
  expect(death(log, false, Date.parse('2026-01-01T00:00:11.000Z'))).toBeUndefined();
});
