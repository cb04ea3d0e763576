import { table, type Style } from '../cli/style.ts';
import type { BuildView } from '../watch/snapshot.ts';
import type { DemoCommit } from './commits.ts';
import { isAsExpected, outcomeInWords } from './outcome.ts';
import type { Told } from './what-it-said.ts';

/** Where a commit of the demo stands. */
export type Row = { readonly commit: DemoCommit } & (
  | { readonly state: 'waiting' }
  | { readonly state: 'skipped'; readonly why: string }
  | { readonly state: 'running'; readonly sha: string; readonly seconds: number; readonly doing: string }
  | { readonly state: 'done'; readonly sha: string; readonly seconds: number; readonly told: Told }
);

export interface Progress {
  readonly rows: readonly Row[];
  readonly elapsedSeconds: number;
  readonly expectedSeconds: number;
  readonly requests: number;
  readonly failed: number;
}

export const inMinutes = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(1)} min`;

/** What a build and its release are at, in a few words. */
export function doingInWords(view: BuildView | undefined): string {
  if (!view) return 'pushed';
  const { build, release, percent } = view;
  const steps = build.steps.filter(({ status }) => status === 'WORKING').map(({ id }) => id);
  if (build.status === 'WORKING' && steps.length > 0) return steps.join(', ');
  if (release && release.stage !== 'building')
    return release.stage === 'rolling-out' ? `rolling out, ${percent} %` : release.stage;
  return build.status.toLowerCase();
}

export const rowIsGood = ({ commit, told }: Extract<Row, { state: 'done' }>): boolean =>
  isAsExpected(told.outcome, commit, told.warnings);

/** Mark, state and time of a row. */
export function stateOf(row: Row, style: Style): [mark: string, state: string, time: string] {
  switch (row.state) {
    case 'waiting':
      return [style.dim('·'), style.dim('waiting'), ''];
    case 'skipped':
      return [style.dim('–'), style.dim(`skipped: ${row.why}`), ''];
    case 'running':
      return [style.busy('●'), row.doing, `${row.seconds.toFixed(0)} s`];
    case 'done': {
      const good = rowIsGood(row);
      const tone = good ? style.good : style.bad;
      return [tone(good ? '✓' : '✗'), tone(outcomeInWords(row.told.outcome)), `${row.seconds.toFixed(1)} s`];
    }
    default:
      return row satisfies never;
  }
}

/** A line for a log, when a commit has come to something else than before. */
export function newsOf(row: Row, before: Row | undefined, style: Style): string | undefined {
  const [mark, state, time] = stateOf(row, style);
  if (before && stateOf(before, style)[1] === state) return undefined;
  return `${mark} ${row.commit.name.padEnd(12)} ${state}${row.state === 'done' ? `  ${time}` : ''}`;
}

/** The demo while it runs: a line a commit. */
export function renderBoard(
  { rows, elapsedSeconds, expectedSeconds, requests, failed }: Progress,
  style: Style,
): string[] {
  const over = rows.filter(({ state }) => state === 'done' || state === 'skipped').length;
  const counted = `${requests} requests, ${failed} failed`;
  return [
    `${style.strong(`${over} of ${rows.length} commits`)}  ${inMinutes(elapsedSeconds)} of about ${inMinutes(expectedSeconds)}  ${failed === 0 ? style.good(counted) : style.bad(counted)}`,
    '',
    ...table(
      rows.map((row) => {
        const [mark, state, time] = stateOf(row, style);
        return [mark, row.commit.name, row.commit.subject, style.dim(time.padStart(7)), state];
      }),
    ),
  ];
}
