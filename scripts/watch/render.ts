import type { CloudBuild } from '../../functions/platform/cloud-build.ts';
import type { Release } from '../../functions/release/release.ts';
import { table, type Style } from '../cli/style.ts';
import type { BuildView, Snapshot } from './snapshot.ts';

const mark = (state: 'good' | 'bad' | 'busy' | 'waiting', style: Style): string =>
  ({ good: style.good('✓'), bad: style.bad('✗'), busy: style.busy('●'), waiting: style.dim('·') })[state];

function buildCell(build: CloudBuild, style: Style): string {
  const steps = build.steps
    .map(({ status }) =>
      mark(
        status === 'SUCCESS'
          ? 'good'
          : status === 'WORKING'
            ? 'busy'
            : ['FAILURE', 'TIMEOUT', 'CANCELLED', 'INTERNAL_ERROR'].includes(status)
              ? 'bad'
              : 'waiting',
        style,
      ),
    )
    .join('');
  const running = build.steps.filter(({ status }) => status === 'WORKING').map(({ id }) => id);
  switch (build.status) {
    case 'SUCCESS':
      return `${steps} ${style.good('passed')}${build.seconds === undefined ? '' : ` ${build.seconds.toFixed(0)} s`}`;
    case 'STATUS_UNKNOWN':
    case 'PENDING':
    case 'QUEUED':
      return `${steps} ${style.dim('queued')}`;
    case 'WORKING':
      return `${steps} ${style.busy(running.join(', ') || 'running')}`;
    case 'FAILURE':
    case 'INTERNAL_ERROR':
    case 'TIMEOUT':
    case 'CANCELLED':
    case 'EXPIRED':
      return `${steps} ${style.bad(build.status.toLowerCase().replace('_', ' '))}`;
    default:
      return build.status satisfies never;
  }
}

function releaseCells(
  { purpose, release, percent }: BuildView,
  style: Style,
): [verification: string, traffic: string] {
  if (purpose === 'checks' || !release) return [style.dim('–'), style.dim('–')];
  return [verificationCell(release, style), trafficCell(release, percent, style)];
}

const verdictTones = { healthy: 'good', unhealthy: 'bad', inconclusive: 'busy' } as const;

/** Of the step that the release is at, once it has traffic. */
function verificationCell({ stage, steps, verdict }: Release, style: Style): string {
  const step = stage === 'rolling-out' ? steps.at(-1) : undefined;
  const standing = step ? step.verdict : verdict;
  if (standing) {
    const where = step ? `${step.percent} % ` : '';
    return style[verdictTones[standing.verdict]](`${where}${standing.verdict}`);
  }
  if (step) return style.busy(`watching ${step.percent} %`);
  return stage === 'verifying' || stage === 'candidate' ? style.busy('verifying') : style.dim('–');
}

/** What it serves, and what it was given when that is not the same yet. */
function trafficCell({ stage, steps }: Release, percent: number, style: Style): string {
  if (stage === 'live') return style.good(`${percent} %`);
  if (stage !== 'rolling-out') return `${percent} %`;
  const asked = steps.at(-1)?.percent ?? percent;
  return style.busy(asked === percent ? `${percent} %` : `${percent} → ${asked} %`);
}

const stateMark = (state: string, style: Style): string =>
  mark(state === 'success' ? 'good' : state === 'pending' ? 'busy' : 'bad', style);

/** The live view of a push: one row a build, then GitHub's statuses. */
export function renderSnapshot(
  snapshot: Snapshot,
  subject: string,
  elapsedSeconds: number,
  style: Style,
): string[] {
  const rows = snapshot.builds.map((view) => {
    const [verification, traffic] = releaseCells(view, style);
    const stage = view.release?.stage ?? view.build.status.toLowerCase();
    return [
      style.strong(view.service),
      buildCell(view.build, style),
      verification,
      traffic,
      stage === 'live' ? style.good(stage) : stage,
      style.dim(view.build.id.slice(0, 8)),
      style.dim(view.release?.candidate?.revision ?? ''),
    ];
  });
  const statuses = snapshot.statuses.map(({ context, state, description }) => [
    stateMark(state, style),
    context,
    style.dim(description),
  ]);
  return [
    `${style.strong(snapshot.commit.slice(0, 7))} ${subject}  ${style.dim(`${elapsedSeconds.toFixed(0)} s`)}`,
    '',
    ...table([
      ['service', 'build', 'verification', 'traffic', 'stage', 'build id', 'revision'].map(style.dim),
      ...rows,
    ]),
    '',
    ...(statuses.length > 0
      ? [style.dim('on GitHub'), ...table(statuses)]
      : [style.dim('no GitHub status yet')]),
  ];
}
