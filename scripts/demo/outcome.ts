import type { BuildView, Snapshot } from '../watch/snapshot.ts';
import { allEnded } from '../watch/summary.ts';
import type { DemoCommit } from './commits.ts';

/** What has become of a commit. */
export type Outcome =
  /** By verification, by gates of the build in its order, or by one of its other steps. */
  | { readonly kind: 'caught'; readonly by: readonly string[] }
  | { readonly kind: 'live' }
  /** Something else: `checks passed`, `superseded`, … */
  | { readonly kind: 'other'; readonly how: string };

/** The newest build of the service that the commit is about. */
export const viewOf = (snapshot: Snapshot, { service, to }: DemoCommit): BuildView | undefined =>
  snapshot.builds
    .filter((view) => view.service === service && view.purpose === (to === 'main' ? 'release' : 'checks'))
    .at(-1);

const unended: readonly string[] = ['PENDING', 'QUEUED', 'WORKING', 'STATUS_UNKNOWN'];

/** Nothing more becomes of it. */
export function hasEnded(snapshot: Snapshot, commit: DemoCommit): boolean {
  const view = viewOf(snapshot, commit);
  if (!view) return false;
  return commit.to === 'main' ? allEnded(snapshot) : !unended.includes(view.build.status);
}

/** The step of the build that sums the gates up: what has failed then is in its summary. */
const resultsStep = 'results';
const failures: readonly string[] = ['FAILURE', 'TIMEOUT', 'INTERNAL_ERROR'];

/** Whether the gates before `results` have failed the build. */
export const failedInGates = ({ build }: BuildView): boolean =>
  build.status === 'FAILURE' && build.steps.find(({ id }) => id === resultsStep)?.status === 'FAILURE';

/** `failedGates`: what the summary of the gates names, where they have failed the build. */
export function outcomeOf(
  { build, release, purpose }: BuildView,
  failedGates: readonly string[] | undefined,
): Outcome {
  // A candidate that does not come up fails the steps of the build that wait for it as well: whichever hears of it first.
  const verified = release?.verdict?.verdict === 'unhealthy' ? ['verification'] : [];
  if (build.status !== 'SUCCESS') {
    // The last one: a step that may fail comes before the one that fails the build because of it.
    const step = build.steps.findLast(({ status }) => failures.includes(status))?.id;
    const failed = failedGates?.length ? failedGates : step === undefined ? [] : [step];
    const by = [...verified, ...failed];
    return by.length > 0
      ? { kind: 'caught', by }
      : { kind: 'other', how: `build ${build.status.toLowerCase().replaceAll('_', ' ')}` };
  }
  if (purpose === 'checks') return { kind: 'other', how: 'checks passed' };
  if (verified.length > 0) return { kind: 'caught', by: verified };
  if (release?.stage === 'live') return { kind: 'live' };
  return { kind: 'other', how: release?.stage ?? 'not released' };
}

/** `warnings`: what its log says; asked for only when the commit goes live. */
export function isAsExpected(
  outcome: Outcome,
  { expected }: Pick<DemoCommit, 'expected'>,
  warnings: readonly string[],
): boolean {
  switch (outcome.kind) {
    case 'caught':
      return expected.kind === 'caught' && expected.by.some((gate) => outcome.by.includes(gate));
    case 'live':
      return expected.kind === 'live' && (expected.warning === undefined || warnings.length > 0);
    case 'other':
      return false;
    default:
      return outcome satisfies never;
  }
}

export function outcomeInWords(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'caught':
      return `caught by ${outcome.by.join(', ')}`;
    case 'live':
      return 'live';
    case 'other':
      return outcome.how;
    default:
      return outcome satisfies never;
  }
}
