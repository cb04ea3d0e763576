import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';

const fixtures = path.resolve(import.meta.dirname, '..', '..', 'fixtures');
/** How instances report themselves: as the services do. */
const telemetry = path.resolve(fixtures, '../../services/telemetry/src');
const revisionMetrics = ['revision-metrics.ts', 'metadata.ts', 'describe-error.ts'];

/** How a fixture service behaves; the first is the good one. */
export type Mode =
  | 'good'
  | 'does-not-build'
  | 'failing-test'
  | 'crashes-at-start'
  | 'never-listens'
  | 'wrong-port'
  | 'answers-500'
  | 'answers-nothing'
  | 'missing-variable'
  | 'dies-after-five-seconds'
  /** Good for verification, which asks for the health path; three of ten users get a 500. */
  | 'fails-for-users'
  /** Good for verification; users wait three times as long. */
  | 'slow-for-users'
  /** The health path fails as soon as some users have come. */
  | 'sickens-under-traffic'
  /** The health path and all users get a 500 as soon as some more have come. */
  | 'breaks-under-traffic';

/** What pipeline.yaml says of a service beyond what all fixture services have in common. */
export interface Settings {
  readonly startup?: Readonly<Record<string, unknown>>;
  readonly health?: Readonly<Record<string, unknown>>;
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly schema?: { readonly version: number; readonly reversible?: boolean };
}

export interface FixtureOptions {
  readonly services?: Readonly<Record<string, Settings>>;
  readonly releaseSets?: readonly (readonly string[])[];
}

export interface FixtureRepo {
  readonly folder: string;
  /** Sets the modes of services and commits; the commit's SHA. */
  commit(modes: Readonly<Record<string, Mode>>, message?: string): string;
  /** Changes what pipeline.yaml says of services: the next commit builds all of them. */
  configure(services: Readonly<Record<string, Settings>>): void;
  /** Pushes `what`, the last commit if nothing is said. */
  push(origin: string, ref?: string, what?: string): void;
  remove(): void;
}

/** Who commits, and who decides what the commands in this folder are told to do. */
export const person = 'test@example.invalid';
const gitSettings = {
  'user.name': 'test',
  'user.email': person,
  'commit.gpgsign': 'false',
  'http.proxy': '',
};

/** Deadlines are wide, for machines that are busy with other things; what is good does not use them. */
const serviceEntry = (name: string, { startup, health, rollout, schema }: Settings): object => ({
  folder: `services/${name}`,
  public: true,
  secrets: { TOP_SECRET: 'top-secret' },
  startup: { deadlineSeconds: 30, ...startup },
  health: {
    path: '/health',
    intervalSeconds: 0.2,
    timeoutSeconds: 3,
    consecutiveSuccesses: 3,
    deadlineSeconds: 30,
    watchSeconds: 1,
    ...health,
  },
  rollout: { preset: 'instant', bakeSeconds: 1, ...rollout },
  ...(schema ? { schema } : {}),
});

/** A repository with one small service for each name, all alike and all good; nothing to install. */
export function createFixtureRepo(names: readonly string[], options: FixtureOptions = {}): FixtureRepo {
  const folder = mkdtempSync(path.join(tmpdir(), 'slipway-fixture-'));
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  git('init', '--quiet', '--initial-branch=main');
  for (const [name, value] of Object.entries(gitSettings)) git('config', name, value);
  for (const name of names) {
    const service = path.join(folder, 'services', name);
    cpSync(path.join(fixtures, 'service'), service, { recursive: true });
    for (const file of revisionMetrics)
      cpSync(path.join(telemetry, file), path.join(service, 'telemetry', file));
  }
  mkdirSync(path.join(folder, 'cloudbuild'));
  for (const config of ['checks.yaml', 'release.yaml'])
    cpSync(path.join(fixtures, config), path.join(folder, 'cloudbuild', config));
  let settings = options.services ?? {};
  const configure: FixtureRepo['configure'] = (changed) => {
    settings = { ...settings, ...changed };
    const pipeline = {
      project: 'fixture-project',
      region: 'europe-west1',
      repository: 'fixture/board',
      releaseSets: options.releaseSets ?? [],
      services: Object.fromEntries(names.map((name) => [name, serviceEntry(name, settings[name] ?? {})])),
    };
    writeFileSync(path.join(folder, 'pipeline.yaml'), stringify(pipeline));
  };
  configure({});
  let counter = 0;
  return {
    folder,
    configure,
    commit(modes, message = 'change') {
      counter += 1;
      for (const [name, mode] of Object.entries(modes)) {
        writeFileSync(path.join(folder, 'services', name, 'mode.json'), JSON.stringify({ mode, counter }));
      }
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
    push(origin, ref = 'refs/heads/main', what = 'HEAD') {
      git('push', '--quiet', '--force', `${origin}/fixture/board.git`, `${what}:${ref}`);
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
