import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { openLogging } from '../../functions/platform/cloud-logging.ts';
import type { Session } from '../cli/session.ts';
import { printable } from '../cli/style.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { BuildView, Snapshot } from '../watch/snapshot.ts';
import type { DemoCommit } from './commits.ts';
import { failedGatesIn, failuresIn, firstFinding } from './gate-reports.ts';
import { failedInGates, outcomeOf, type Outcome } from './outcome.ts';

/** What has become of a commit, and in whose words. */
export interface Told {
  readonly outcome: Outcome;
  /** The status on the commit that tells it, as GitHub shows it. */
  readonly github: string;
  /** What the gate itself has found: file and line, figures. Empty when GitHub's words say it all. */
  readonly own: string;
  /** Whose words those are: a gate's, or the log's. */
  readonly speaker: string;
  /** Of the live revision's log, those that are expected. */
  readonly warnings: readonly string[];
}

const logLines = 200;

/** Reads it where everybody can: the reports of the build, the record of the release, its log, GitHub. */
export async function tell(
  { api, pipeline }: Pick<Session, 'api' | 'pipeline'>,
  commit: DemoCommit,
  snapshot: Snapshot,
  view: BuildView,
): Promise<Told> {
  const bucket = openBucket(api, artifactsBucket(pipeline));
  const report = async (name: string): Promise<string | undefined> =>
    (await bucket.read(`${view.service}/${view.build.id}/${name}`))?.text;
  const summary = failedInGates(view) ? await report('summary.md') : undefined;
  const outcome = outcomeOf(view, summary === undefined ? undefined : failedGatesIn(summary));
  const warnings = outcome.kind === 'live' ? await warningsOf(api, pipeline, commit, view) : [];
  const github = statusOf(snapshot, view, outcome);
  const gate = speakingGate(outcome, commit);
  const own = printable(await ownWords(view, gate, summary, report, warnings));
  // Verification's words are the status: once is enough.
  return { outcome, warnings, github, own: github.includes(own) ? '' : own, speaker: gate ?? 'log' };
}

const artifactsBucket = ({ project }: Pipeline): string => `${project}-slipway-artifacts`;

/** Of several that have caught it the one that was to. */
function speakingGate(outcome: Outcome, { expected }: DemoCommit): string | undefined {
  if (outcome.kind !== 'caught') return undefined;
  const wanted = expected.kind === 'caught' ? expected.by : [];
  return outcome.by.find((gate) => wanted.includes(gate)) ?? outcome.by[0];
}

const shownFailures = 3;

async function ownWords(
  { release }: BuildView,
  gate: string | undefined,
  summary: string | undefined,
  report: (name: string) => Promise<string | undefined>,
  warnings: readonly string[],
): Promise<string> {
  if (gate === undefined) return warnings[0] ?? '';
  if (gate === 'verification') return release?.verdict?.reasons.join('; ') ?? '';
  if (summary !== undefined) return firstFinding(summary, gate) ?? '';
  const junit = await report(`${gate}.junit.xml`);
  return (junit === undefined ? [] : failuresIn(junit)).slice(0, shownFailures).join('; ');
}

async function warningsOf(
  api: Session['api'],
  { project }: Pipeline,
  { expected }: DemoCommit,
  { service, release }: BuildView,
): Promise<string[]> {
  const revision = release?.candidate?.revision;
  if (expected.kind !== 'live' || !expected.warning || revision === undefined) return [];
  const { warning } = expected;
  const { container } = await openLogging(api, project).revision(service, revision, logLines);
  return container.filter((line) => warning.test(line));
}

/** Each status that is bad; of a commit that nothing caught the last one. */
function statusOf(snapshot: Snapshot, { service }: BuildView, outcome: Outcome): string {
  const own = snapshot.statuses.filter(({ context }) => context.startsWith(`slipway/${service}/`));
  const bad = own.filter(({ state }) => state === 'failure' || state === 'error');
  const last = ['rollout', 'verify', 'build', 'checks'].flatMap((stage) =>
    own.filter(({ context }) => context.endsWith(`/${stage}`)),
  );
  const told = outcome.kind === 'live' || bad.length === 0 ? last.slice(0, 1) : bad;
  return told.map(({ description }) => description).join('; ');
}
