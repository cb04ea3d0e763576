import type { Release } from '../../functions/release/release.ts';
import { printable } from '../cli/style.ts';
import type { BuildView, Snapshot, StatusLine } from './snapshot.ts';

/** One thing that has happened, for a line of text or a line of JSON. */
export interface WatchEvent {
  readonly kind: 'build' | 'release' | 'step' | 'approval' | 'traffic' | 'status';
  readonly service: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const sameBuild = (view: BuildView) => (other: BuildView) => other.build.id === view.build.id;

function buildEvents(before: BuildView | undefined, now: BuildView): WatchEvent[] {
  const events: WatchEvent[] = [];
  const { service, purpose, build, release, percent } = now;
  const common = { commit: build.commit, build: build.id };
  if (before?.build.status !== build.status) {
    const took = build.seconds === undefined ? '' : ` after ${build.seconds.toFixed(1)} s`;
    events.push({
      kind: 'build',
      service,
      text: `${purpose} build ${build.status}${took}  ${build.logUrl}`,
      data: { ...common, purpose, status: build.status, seconds: build.seconds, logUrl: build.logUrl },
    });
  }
  const stage = release?.stage;
  if (release && before?.release?.stage !== stage) {
    const reason = printable(release.history.at(-1)?.reason ?? '');
    events.push({
      kind: 'release',
      service,
      text: `release ${release.id} ${release.stage}: ${reason}`,
      data: {
        ...common,
        release: release.id,
        stage,
        reason,
        revision: release.candidate?.revision,
        verdict: release.verdict?.verdict,
      },
    });
  }
  if (release) events.push(...stepEvents(service, common, before?.release, release));
  if (percent !== (before?.percent ?? 0)) {
    events.push({
      kind: 'traffic',
      service,
      text: `${release?.candidate?.revision ?? ''} serves ${percent} %  ${now.url}`,
      data: { ...common, revision: release?.candidate?.revision, percent, url: now.url },
    });
  }
  return events;
}

/** A step that has begun, what verification says of it, and who let the release go on. */
function stepEvents(
  service: string,
  common: Readonly<Record<string, unknown>>,
  before: Release | undefined,
  now: Release,
): WatchEvent[] {
  const known = { ...common, release: now.id };
  const steps = now.steps.flatMap(({ percent, verdict }): WatchEvent[] => {
    const last = before?.steps.find((step) => step.percent === percent);
    const begun: WatchEvent = {
      kind: 'step',
      service,
      text: `release ${now.id} gets ${percent} % of the traffic`,
      data: { ...known, percent },
    };
    const judged = verdict && {
      kind: 'step' as const,
      service,
      text: printable(
        `release ${now.id} at ${percent} % is ${verdict.verdict}: ${verdict.reasons.join('; ')}`,
      ),
      data: { ...known, percent, verdict: verdict.verdict, reasons: verdict.reasons },
    };
    return [
      ...(last ? [] : [begun]),
      ...(judged && last?.verdict?.verdict !== verdict.verdict ? [judged] : []),
    ];
  });
  const approvals = now.approvals
    .filter(({ percent }) => !before?.approvals.some((given) => given.percent === percent))
    .map(({ percent, by, why }) => ({ percent, by, why, text: `${percent} % approved by ${by}: ${why}` }));
  const promoted = now.promoted && !before?.promoted ? [now.promoted] : [];
  const decisions = [
    ...approvals,
    ...promoted.map(({ by, why }) => ({ percent: 100, by, why, text: `promoted by ${by}: ${why}` })),
  ].map(({ percent, by, why, text }): WatchEvent => ({
    kind: 'approval',
    service,
    text: printable(`release ${now.id}: ${text}`),
    data: { ...known, percent, by, why },
  }));
  return [...steps, ...decisions];
}

const statusEvent = (commit: string, { context, state, description, targetUrl }: StatusLine): WatchEvent => ({
  kind: 'status',
  service: context.split('/')[1] ?? '',
  text: `GitHub ${context}: ${state}, ${description}`,
  data: { commit, context, state, description, targetUrl },
});

/** What has happened between two looks, in the order of services. */
export function eventsBetween(before: Snapshot | undefined, now: Snapshot): WatchEvent[] {
  const builds = now.builds.flatMap((view) => buildEvents(before?.builds.find(sameBuild(view)), view));
  const statuses = now.statuses
    .filter((status) => {
      const last = before?.statuses.find(({ context }) => context === status.context);
      return last?.state !== status.state || last.description !== status.description;
    })
    .map((status) => statusEvent(now.commit, status));
  return [...builds, ...statuses];
}
