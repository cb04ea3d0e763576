import type { TrafficTarget } from '../../../functions/platform/cloud-run.ts';
import { objects, topics } from '../../../functions/release/naming.ts';
import { serviceSchema } from '../../../functions/release/service-record.ts';
import { artifactOf } from './artifacts.ts';
import type { WorldBuild } from './builds.ts';
import type { Dice } from './dice.ts';
import { home, type Cloud } from './functions.ts';
import { runCommand } from './people.ts';
import type { Processes } from './processes.ts';
import { etagOf } from './run.ts';
import type { Action, Change, ConsoleTraffic } from './scenario.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export const branch = 'main';

interface Actors {
  act(action: Action): void;
  /** The commits that were pushed, each with what builds were started for it. */
  readonly pushed: ReadonlyMap<string, readonly WorldBuild[]>;
}

interface Pushed {
  readonly commit: string;
  readonly changes: readonly Change[];
}

/** Developers and operators: they do what the scenario says, with what they find. */
export function createActors(
  clock: VirtualClock,
  dice: Dice,
  trace: Trace,
  processes: Processes,
  cloud: Cloud,
): Actors {
  const pushes = new Map<number, Pushed>();
  const pushed = new Map<string, WorldBuild[]>();

  const startBuild = (commit: string, change: Change, run: number): void => {
    const { service, nature, course, policy } = change;
    const key = `${service} ${commit} ${run}`;
    // Most images come out the same when they are built again.
    const reproducible = dice.chance(`reproducible ${service} ${commit}`, 0.7);
    const build = cloud.builds.start({
      id: buildId(dice.hex(`build ${key}`, 32)),
      service,
      commit,
      branch,
      course: run === 0 ? course : dice.chance(`flaky ${key}`, 0.7) ? 'passes' : course,
      digest: `sha256:${dice.hex(`digest ${reproducible ? `${service} ${commit}` : key}`, 64)}`,
      artifact: artifactOf(dice, `${service} ${commit}`, nature),
      policy,
    });
    pushed.set(commit, [...(pushed.get(commit) ?? []), build]);
  };

  const startBuilds = (commit: string, changes: readonly Change[]): void => {
    changes.forEach((change) => {
      const run = (pushed.get(commit) ?? []).filter(({ service }) => service === change.service).length;
      const delay = dice.between(`trigger ${change.service} ${commit} ${run}`, 200, 3_000);
      clock.after(delay, () => {
        startBuild(commit, change, run);
      });
    });
  };

  /** What was pushed by an action with this id, or else by the last one before it. */
  const pushOf = (id: number): Pushed | undefined => pushes.get(id) ?? [...pushes.values()].at(-1);

  return {
    pushed,
    act(action) {
      trace(`● action ${action.id}: ${action.kind}`);
      switch (action.kind) {
        case 'push':
          pushes.set(action.id, action);
          cloud.hub.push(branch, action.commit);
          startBuilds(action.commit, action.changes);
          return;
        case 'push-back': {
          const back = pushOf(action.push);
          if (!back) return;
          cloud.hub.push(branch, back.commit);
          startBuilds(back.commit, back.changes);
          return;
        }
        case 'rerun': {
          const again = pushOf(action.push);
          if (again) startBuilds(again.commit, again.changes);
          return;
        }
        case 'cancel': {
          const [build] = pushed.get(pushOf(action.push)?.commit ?? '') ?? [];
          if (build) cloud.builds.cancel(build.id);
          return;
        }
        case 'noise':
          cloud.messages.publish(action.topic, action.data);
          return;
        case 'alert': {
          const busiest = cloud.run.service(action.service)?.serving.find(({ percent }) => percent > 0);
          const { service, namesRevision, asksForRollback } = action;
          const labels = {
            project_id: home.project,
            location: home.region,
            service_name: service,
            ...(namesRevision && busiest?.revision !== undefined ? { revision_name: busiest.revision } : {}),
          };
          const incident = {
            incident_id: `incident-${action.id}`,
            state: 'open',
            started_at: Math.floor(clock.now() / 1000),
            policy_name: 'too many errors',
            summary: 'there are too many errors',
            ...(asksForRollback ? { policy_user_labels: { slipway: 'rollback' } } : {}),
            resource: { type: 'cloud_run_revision', labels },
          };
          for (let time = 0; time < action.times; time += 1)
            cloud.messages.publish(topics.alerts, JSON.stringify({ version: '1.2', incident }));
          return;
        }
        case 'console':
          processes.start(
            {
              program: `browser-${action.id}`,
              key: `console ${action.id}`,
              actor: 'ana@example.com',
              instances: 1,
            },
            (invocation) =>
              invocation.call('traffic', () => {
                const service = cloud.run.service(action.service);
                const traffic = service && consoleTraffic(cloud, action.service, action.traffic);
                if (traffic) cloud.run.change(action.service, etagOf(service), invocation, { traffic });
              }),
            () => undefined,
          );
          return;
        case 'command': {
          const { id, command, service } = action;
          processes.start(
            {
              program: `keyboard-${id}`,
              key: `${command} ${service} ${id}`,
              actor: 'bo@example.com',
              instances: 1,
            },
            async (invocation) => {
              const said = await runCommand(cloud, invocation, command, service, action);
              trace(`● ${command} ${service}: ${said}`);
            },
            () => undefined,
          );
          return;
        }
        default:
          action satisfies never;
      }
    },
  };
}

const buildId = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');

/** The traffic that a person sets in the console, with all tags left as they are; undefined where that makes no sense. */
function consoleTraffic(cloud: Cloud, name: string, wanted: ConsoleTraffic): TrafficTarget[] | undefined {
  const service = cloud.run.service(name);
  if (!service) return undefined;
  const text = cloud.store.text(objects.service(name));
  const record = text === undefined ? undefined : serviceSchema.parse(JSON.parse(text));
  const tags = service.traffic
    .filter(({ tag }) => tag !== undefined)
    .map((target) => ({ ...target, percent: 0 }));
  const stable = record?.stable?.revision;
  const candidate = cloud.run
    .revisions(name)
    .findLast(({ ready, name: each }) => ready === 'yes' && each !== stable);
  const share = (revision: string | undefined, percent: number): TrafficTarget => ({
    revision,
    percent,
    tag: undefined,
  });
  switch (wanted) {
    case 'split':
      if (stable === undefined || !candidate) return undefined;
      return [share(stable, 80), share(candidate.name, 20), ...tags];
    case 'all-to-candidate':
      return candidate && [share(candidate.name, 100), ...tags];
    case 'all-to-stable':
      return stable === undefined ? undefined : [share(stable, 100), ...tags];
    case 'all-to-previous': {
      const previous = record?.previousGood?.revision;
      return previous === undefined ? undefined : [share(previous, 100), ...tags];
    }
    case 'latest':
      return [share(undefined, 100), ...tags];
    default:
      return wanted satisfies never;
  }
}
