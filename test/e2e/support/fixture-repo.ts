import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const files = path.resolve(import.meta.dirname, '..', '..', 'fixtures', 'service');

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
  | 'dies-after-five-seconds';

export interface FixtureRepo {
  readonly folder: string;
  /** Sets the modes of services and commits; the commit's SHA. */
  commit(modes: Readonly<Record<string, Mode>>, message?: string): string;
  push(origin: string, ref?: string): void;
  remove(): void;
}

const serviceYaml = (name: string): string => `  ${name}:
    folder: services/${name}
    public: true
    secrets: { TOP_SECRET: top-secret }
    startup: { deadlineSeconds: 5 }
    health:
      path: /health
      intervalSeconds: 0.2
      timeoutSeconds: 1
      consecutiveSuccesses: 3
      deadlineSeconds: 4
      watchSeconds: ${name === 'dies-after-five-seconds' ? 6 : 1}
`;

/** A repository with one small service for each name, all alike and all good; nothing to install. */
export function createFixtureRepo(names: readonly string[]): FixtureRepo {
  const folder = mkdtempSync(path.join(tmpdir(), 'slipway-fixture-'));
  const git = (...args: string[]): string =>
    execFileSync(
      'git',
      [
        '-C',
        folder,
        '-c',
        'user.name=test',
        '-c',
        'user.email=test@example.invalid',
        '-c',
        'commit.gpgsign=false',
        '-c',
        'http.proxy=',
        ...args,
      ],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    ).trim();
  git('init', '--quiet', '--initial-branch=main');
  for (const name of names) cpSync(files, path.join(folder, 'services', name), { recursive: true });
  mkdirSync(path.join(folder, 'cloudbuild'));
  for (const purpose of ['checks', 'release']) {
    cpSync(path.join(files, '..', `${purpose}.yaml`), path.join(folder, 'cloudbuild', `${purpose}.yaml`));
  }
  writeFileSync(
    path.join(folder, 'pipeline.yaml'),
    `project: fixture-project\nregion: europe-west1\nrepository: fixture/board\nservices:\n${names.map(serviceYaml).join('')}`,
  );
  let counter = 0;
  return {
    folder,
    commit(modes, message = 'change') {
      counter += 1;
      for (const [name, mode] of Object.entries(modes)) {
        writeFileSync(path.join(folder, 'services', name, 'mode.json'), JSON.stringify({ mode, counter }));
      }
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
    push(origin, ref = 'refs/heads/main') {
      git('push', '--quiet', '--force', `${origin}/fixture/board.git`, `HEAD:${ref}`);
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
