import { printable } from '../cli/style.ts';
import type { BuildView, Snapshot, StatusLine } from './snapshot.ts';

/** One thing that has happened, for a line of text or a line of JSON. */
export interface WatchEvent {
  readonly kind: 'build' | 'step' | 'release' | 'traffic' | 'status';
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
