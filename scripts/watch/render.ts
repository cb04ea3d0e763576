import type { CloudBuild } from '../../functions/platform/cloud-build.ts';
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
  const { verdict, stage } = release;
  const verification = verdict
    ? verdict.verdict === 'healthy'
      ? style.good('healthy')
      : style.bad(verdict.verdict)
    : stage === 'verifying' || stage === 'candidate'
      ? style.busy('verifying')
      : style.dim('–');
  const traffic =
    stage === 'live'
      ? style.good(`${percent} %`)
      : stage === 'rolling-out'
        ? style.busy(`${percent} %`)
        : `${percent} %`;
  return [verification, traffic];
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
