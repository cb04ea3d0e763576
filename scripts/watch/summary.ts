import { isSettled, type Release, type Verdict } from '../../functions/release/release.ts';
import type { Style } from '../cli/style.ts';
import { printable, table } from '../cli/style.ts';
import type { BuildView, Snapshot } from './snapshot.ts';

export interface ReleaseSummary {
  readonly service: string;
  readonly commit: string;
  readonly revision: string | null;
  readonly stage: string;
  /** The decisive one: bad news of a step, or else what was found before any traffic. */
  readonly verdict: string | null;
  readonly traffic: number;
  readonly url: string | null;
  readonly reason: string;
}

/** The newest release of each service. */
function newest(snapshot: Snapshot): BuildView[] {
  const byService = new Map<string, BuildView>();
  for (const view of snapshot.builds) if (view.purpose === 'release') byService.set(view.service, view);
  return [...byService.values()];
}

const decisive = ({ steps, verdict }: Release): Verdict | undefined =>
  steps.find((step) => step.verdict?.verdict === 'unhealthy')?.verdict ?? verdict;

export function summarise(snapshot: Snapshot): ReleaseSummary[] {
  return newest(snapshot).map(({ service, release, percent, url, build }) => ({
    service,
    commit: snapshot.commit,
    revision: release?.candidate?.revision ?? null,
    stage: release?.stage ?? 'building',
    verdict: (release && decisive(release))?.verdict ?? null,
    traffic: percent,
    url: url === '' ? null : url,
    reason: printable(release?.history.at(-1)?.reason ?? `build ${build.status}`),
  }));
}

/** Every release of the push has come to its end. */
export const allEnded = (snapshot: Snapshot): boolean => {
  const views = newest(snapshot);
  return views.length > 0 && views.every(({ release }) => release !== undefined && isSettled(release));
};

/** Every branch check of the push has come to its end. */
export const allChecked = (snapshot: Snapshot): boolean =>
  snapshot.builds.length > 0 &&
  snapshot.builds.every(
    ({ build }) => !['PENDING', 'QUEUED', 'WORKING', 'STATUS_UNKNOWN'].includes(build.status),
  );

export const allLive = (releases: readonly ReleaseSummary[]): boolean =>
  releases.length > 0 && releases.every(({ stage }) => stage === 'live');

/** The closing table. */
export function summaryTable(releases: readonly ReleaseSummary[], style: Style): string[] {
  const header = ['service', 'commit', 'revision', 'verdict', 'traffic', 'stage', 'address'].map(style.dim);
  const rows = releases.map(({ service, commit, revision, verdict, traffic, stage, url }) => [
    style.strong(service),
    commit.slice(0, 7),
    revision ?? '–',
    verdict === null ? '–' : verdict === 'healthy' ? style.good(verdict) : style.bad(verdict),
    `${traffic} %`,
    stage === 'live' ? style.good(stage) : style.bad(stage),
    url ?? '–',
  ]);
  const why = releases
    .filter(({ stage }) => stage !== 'live')
    .map(({ service, reason }) => `${style.strong(service)}: ${reason}`);
  return [...table([header, ...rows]), ...(why.length > 0 ? ['', ...why] : [])];
}
