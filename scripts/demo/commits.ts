import { createHash } from 'node:crypto';
import { didYouMean } from '../pipeline/nearest.ts';
import { UserError } from '../cli/user-error.ts';

/** A change of one place in a file. */
export interface Edit {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export type Expected =
  /**
   * By one of these: a gate of the build by its name, or `verification`. Where there are two they look at the same
   * candidate at the same time, and either may be the first to say so.
   */
  | { readonly kind: 'caught'; readonly by: readonly string[] }
  /** Its revision serves everybody; `warning`: and its log says so. */
  | { readonly kind: 'live'; readonly warning?: RegExp };

/** A commit of the demo, and what is to become of it. */
export interface DemoCommit {
  /** For `--only`. */
  readonly name: string;
  readonly subject: string;
  /** The service whose release is looked at. */
  readonly service: string;
  /** `branch`: one of its own, where the checks run. `main`: the branch that is released. */
  readonly to: 'branch' | 'main';
  readonly edits: readonly Edit[];
  readonly expected: Expected;
  readonly needs?: 'browser';
  /** Keeps what the commit before it on main has changed, so that only its own service is built. */
  readonly onTop?: true;
  /** How long it took where the demo was measured: two cores, with other builds beside it. */
  readonly seconds: number;
}

// K_CONFIGURATION is set on Cloud Run alone: the tests in the build pass, the candidate does not.
const onCloudRun = "process.env['K_CONFIGURATION'] !== undefined";

/** Made up, and put together here: written out, this repository's own scan would find it. */
export function madeUpKey(): string {
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const digest = createHash('sha512').update('a key of nobody').digest();
  return `AIza${[...digest.subarray(0, 35)].map((byte) => characters[byte % characters.length]).join('')}`;
}

const start = 'async function main(): Promise<void> {\n';
const health = 'async function health(pool: Pool, about: object): Promise<Answer> {\n';

export const demoCommits: readonly DemoCommit[] = [
  {
    name: 'types',
    subject: 'Give a time limit the wrong type',
    service: 'api',
    to: 'branch',
    edits: [
      {
        file: 'services/api/src/routes.ts',
        find: 'const healthTimeoutMs = 2000;',
        replace: "const healthTimeoutMs = '2000';",
      },
    ],
    expected: { kind: 'caught', by: ['typecheck'] },
    seconds: 50,
  },
  {
    name: 'unit',
    subject: 'Wait longer than the tests allow',
    service: 'api',
    to: 'branch',
    edits: [{ file: 'services/api/src/backoff.ts', find: 'Math.min(10_000,', replace: 'Math.min(60_000,' }],
    expected: { kind: 'caught', by: ['unit'] },
    seconds: 50,
  },
  {
    name: 'integration',
    subject: 'Read the oldest messages, not the newest',
    service: 'api',
    to: 'branch',
    edits: [
      {
        file: 'services/api/src/message-store.ts',
        find: 'from messages order by id desc limit $1',
        replace: 'from messages order by id limit $1',
      },
    ],
    expected: { kind: 'caught', by: ['integration'] },
    seconds: 70,
  },
  {
    name: 'secret',
    subject: 'Leave a key in the source',
    service: 'api',
    to: 'branch',
    edits: [
      {
        file: 'services/api/src/message.ts',
        find: 'export const maxPageSize = 200;',
        replace: `export const maxPageSize = 200;\nexport const mapsKey = '${madeUpKey()}';`,
      },
    ],
    expected: { kind: 'caught', by: ['secrets'] },
    seconds: 50,
  },
  {
    name: 'image',
    subject: 'Ship the compiler with the api',
    service: 'api',
    to: 'branch',
    edits: [
      {
        file: 'services/api/Dockerfile',
        find: 'COPY --from=build /build/api/dist ./\n',
        replace:
          'COPY --from=build /build/api/dist ./\n' +
          'COPY --from=build /build/api/node_modules/typescript ./node_modules/typescript\n',
      },
    ],
    expected: { kind: 'caught', by: ['image-size'] },
    seconds: 50,
  },
  {
    name: 'slow',
    subject: 'Take two seconds for the messages',
    service: 'api',
    to: 'main',
    edits: [
      {
        file: 'services/api/src/routes.ts',
        find: '  const page = decodePageQuery(query);\n',
        replace:
          '  const page = decodePageQuery(query);\n' +
          `  if (${onCloudRun}) await new Promise((resolve) => void setTimeout(resolve, 2000));\n`,
      },
    ],
    expected: { kind: 'caught', by: ['load'] },
    seconds: 60,
  },
  {
    name: 'crash',
    subject: 'Break the api at its start',
    service: 'api',
    to: 'main',
    edits: [
      {
        file: 'services/api/server.ts',
        find: start,
        replace: `${start}  if (${onCloudRun}) throw new TypeError('this commit does not start');\n`,
      },
    ],
    expected: { kind: 'caught', by: ['verification', 'load-plan'] },
    seconds: 55,
  },
  {
    name: 'health',
    subject: 'Answer the health check with 500',
    service: 'api',
    to: 'main',
    edits: [
      {
        file: 'services/api/src/routes.ts',
        find: health,
        replace: `${health}  if (${onCloudRun}) return { status: 500, body: { status: 'broken' } };\n`,
      },
    ],
    expected: { kind: 'caught', by: ['verification', 'load'] },
    seconds: 45,
  },
  {
    name: 'telemetry',
    subject: 'Switch on a telemetry backend that throws',
    service: 'api',
    to: 'main',
    edits: [
      {
        file: 'services/api/server.ts',
        find: "const telemetry = startTelemetry({ env: process.env, serviceName: 'api' });\n",
        replace: [
          'const telemetry = startTelemetry({',
          `  env: ${onCloudRun}`,
          "    ? { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }",
          '    : process.env,',
          "  serviceName: 'api',",
          '  load: {',
          '    openTelemetry: async () => {',
          `      if (${onCloudRun}) throw new TypeError('this backend cannot be loaded');`,
          "      return import('slipway-telemetry/open-telemetry.ts');",
          '    },',
          "    sentry: () => import('slipway-telemetry/sentry.ts'),",
          '  },',
          '});\n',
        ].join('\n'),
      },
    ],
    expected: { kind: 'live', warning: /this backend cannot be loaded/ },
    seconds: 65,
  },
  {
    name: 'page',
    subject: 'Look for the board where it is not',
    service: 'web',
    to: 'main',
    edits: [
      {
        file: 'services/web/src/client/main.tsx',
        find: "document.querySelector('#board')",
        replace: "document.querySelector('#bord')",
      },
    ],
    expected: { kind: 'caught', by: ['smoke'] },
    needs: 'browser',
    onTop: true,
    seconds: 150,
  },
  {
    name: 'mend',
    subject: 'Mend the api and the page',
    service: 'api',
    to: 'main',
    edits: [
      { file: 'services/api/src/routes.ts', find: health, replace: `${health}  // Mended.\n` },
      {
        file: 'services/web/src/client/main.tsx',
        find: "const root = document.querySelector('#board');\n",
        replace: "// Mended.\nconst root = document.querySelector('#board');\n",
      },
    ],
    expected: { kind: 'live' },
    seconds: 90,
  },
];

export const expectedInWords = (expected: Expected): string =>
  expected.kind === 'caught' ? `caught by ${expected.by.join(' or ')}` : 'live';

/** Those of `--only a,b`, in the order of the demo. Throws UserError for a name that there is not. */
export function chooseCommits(only: string | undefined): readonly DemoCommit[] {
  if (only === undefined) return demoCommits;
  const wanted = only
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const known = demoCommits.map(({ name }) => name);
  const wrong = wanted.find((name) => !known.includes(name));
  if (wrong !== undefined || wanted.length === 0)
    throw new UserError(
      `${wrong === undefined ? '--only names no commit' : `the demo has no commit ${JSON.stringify(wrong)}${didYouMean(wrong, known)}`}; there are ${known.join(', ')}`,
      { exitCode: 2 },
    );
  return demoCommits.filter(({ name }) => wanted.includes(name));
}

/** About how long these take: those on branches go two at a time, those on main one after the other. */
export const expectedSeconds = (commits: readonly DemoCommit[]): number =>
  commits.reduce((sum, { to, seconds }) => sum + (to === 'branch' ? seconds / branchesAtOnce : seconds), 0);

/** A build keeps a core busy. */
export const branchesAtOnce = 2;
