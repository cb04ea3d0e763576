import type { Release } from '../../../functions/release/release.ts';
import type { ServiceRecord, Shares } from '../../../functions/release/service-record.ts';
import { isSettled } from '../../../functions/release/release.ts';
import type { StatusLine } from '../../../scripts/watch/snapshot.ts';
import { command, type Finished } from './command.ts';
import { createFixtureRepo, type FixtureOptions, type FixtureRepo, type Mode } from './fixture-repo.ts';
import { processesOf } from './processes.ts';
import { forget, startSlipway, type Slipway } from './slipway.ts';
import { pagesOf, trafficSince, type TrafficChange } from './cloud-log.ts';
import { until } from './until.ts';

type Modes = Readonly<Record<string, Mode>>;

/** A repository of fixture services and a local cloud that delivers it: what a test tells its stories with. */
export interface Board {
  readonly repo: FixtureRepo;
  readonly slipway: Slipway;
  /** The commit with which it began; every service is live with it. */
  readonly first: string;
  /** Commits and pushes to the main branch; the commit's SHA. */
  push(modes: Modes, message?: string): string;
  /** The newest release that a commit has made of a service, once `done` says so. */
  release(
    service: string,
    commit: string,
    done: (release: Release) => boolean,
    timeoutSeconds?: number,
  ): Promise<Release>;
  /** The same, once it has ended. */
  ended(service: string, commit: string, timeoutSeconds?: number): Promise<Release>;
  record(service: string, done?: (record: ServiceRecord) => boolean): Promise<ServiceRecord>;
  /** Percent by revision. */
  shares(service: string): Promise<Shares>;
  url(service: string): Promise<string>;
  /** `npm run <script> -- <args>` by a person in the repository. */
  npm(script: string, ...args: string[]): Promise<Finished>;
  /** What Cloud Scheduler does every minute. */
  tick(): Promise<void>;
  /** What a status of a commit on GitHub says, once it does: `success /^Live/`. */
  status(commit: string, context: string, state: string, says: RegExp): Promise<string>;
  /** Every traffic list that Cloud Run was asked for, each only where it differs from the one before. */
  trafficSince(service: string, time: string): Promise<TrafficChange[]>;
  /** What the functions have said of a service that somebody has to be woken for, oldest first. */
  pages(service: string): Promise<string[]>;
  /** The local cloud is killed without a chance to tidy up, and started again on what it left. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Everything good is pushed and, after what is done `meanwhile`, live. */
export async function startBoard(
  names: readonly string[],
  options: FixtureOptions = {},
  meanwhile: (board: Board) => Promise<void> = async () => undefined,
): Promise<Board> {
  const repo = createFixtureRepo(names, options);
  const first = repo.commit(Object.fromEntries(names.map((name) => [name, 'good'])), 'first');
  let slipway = await startSlipway({ repo: repo.folder });
  const { project, region } = slipway.session.pipeline;

  const release: Board['release'] = (service, commit, done, timeoutSeconds) =>
    until(
      `release of ${service} at ${commit.slice(0, 7)}`,
      () => slipway.viewer.ledger.ofCommit(service, commit),
      (seen): seen is Release => seen !== undefined && done(seen),
      timeoutSeconds,
    );

  const board: Board = {
    repo,
    get slipway() {
      return slipway;
    },
    first,
    push(modes, message) {
      const commit = repo.commit(modes, message);
      repo.push(slipway.session.origin);
      return commit;
    },
    release,
    ended: (service, commit, timeoutSeconds) => release(service, commit, isSettled, timeoutSeconds),
    record: (service, done = () => true) =>
      until(
        `record of ${service}`,
        () => slipway.viewer.ledger.service(service),
        (seen): seen is ServiceRecord => done(seen),
      ),
    async shares(service) {
      const { serving } = await slipway.viewer.service(service);
      return serving
        .map(({ revision = '', percent }) => ({ revision, percent }))
        .sort((a, b) => (a.revision < b.revision ? -1 : 1));
    },
    url: async (service) => (await slipway.viewer.service(service)).url,
    npm: (script, ...args) =>
      command(script, [...args, '--state', slipway.stateFolder], { cwd: repo.folder }),
    async tick() {
      const job = `projects/${project}/locations/${region}/jobs/slipway-tick`;
      await fetch(`${slipway.session.origin}/v1/${job}:run`, { method: 'POST', body: '{}' });
    },
    async status(commit, context, state, says) {
      const found = await until(
        `${context} of ${commit.slice(0, 7)}: ${state} ${String(says)}`,
        async () => {
          const { statuses } = await slipway.viewer.snapshot(commit);
          return statuses.find((each) => each.context === context);
        },
        (status): status is StatusLine => status?.state === state && says.test(status.description),
      );
      return found.description;
    },
    trafficSince: (service, time) => trafficSince(slipway.session.api, project, service, time),
    pages: (service) => pagesOf(slipway.session.api, project, service),
    async restart() {
      await slipway.kill();
      const { stateFolder } = slipway;
      // The reaper needs a moment, and then nothing of it is left.
      await until(
        'everything ended',
        async () => processesOf(stateFolder),
        (left): left is string[] => left.length === 0,
      );
      slipway = await startSlipway({ repo: repo.folder, stateFolder });
    },
    async stop() {
      await slipway.stop();
      forget(slipway.stateFolder);
      repo.remove();
    },
  };
  await Promise.all([slipway.delivered, meanwhile(board)]);
  return board;
}
