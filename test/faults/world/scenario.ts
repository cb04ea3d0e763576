import { releasePolicy, type ReleasePolicy } from '../../../functions/release/policy.ts';
import { topics } from '../../../functions/release/naming.ts';
import type { Nature } from './artifacts.ts';
import type { BuildCourse } from './builds.ts';
import type { Dice } from './dice.ts';
import type { Command } from './people.ts';

/** What somebody does, at a time in milliseconds since the start. */
export type Action = { readonly id: number; readonly at: number } & (
  | { readonly kind: 'push'; readonly commit: string; readonly changes: readonly Change[] }
  /** The branch goes back to an older commit, by force: its builds run again. */
  | { readonly kind: 'push-back'; readonly push: number }
  | { readonly kind: 'rerun'; readonly push: number }
  | { readonly kind: 'cancel'; readonly push: number }
  | { readonly kind: 'console'; readonly service: string; readonly traffic: ConsoleTraffic }
  | {
      readonly kind: 'command';
      readonly service: string;
      readonly command: Command;
      readonly keepGoing: boolean;
      readonly liftQuarantine: boolean;
    }
  /** An alert policy fires for what serves; its notification comes more than once. */
  | {
      readonly kind: 'alert';
      readonly service: string;
      readonly times: number;
      readonly namesRevision: boolean;
      readonly asksForRollback: boolean;
    }
  | { readonly kind: 'noise'; readonly topic: string; readonly data: string }
);

/** What one commit does to one service. */
export interface Change {
  readonly service: string;
  readonly nature: Nature;
  readonly course: BuildCourse;
  readonly policy: ReleasePolicy;
}

/** What a person does to the traffic in the console. */
export type ConsoleTraffic = 'split' | 'all-to-candidate' | 'all-to-stable' | 'all-to-previous' | 'latest';

export interface Size {
  readonly services: number;
  readonly releases: number;
}

const minute = 60_000;

/** Everything that people do, all from the seed; what becomes of it depends on what they find. */
export function scenarioOf(dice: Dice, size: Size): Action[] {
  const services = Array.from({ length: size.services }, (_, index) => `svc${index + 1}`);
  const actions: Action[] = services.map((service, index) => ({
    id: index,
    at: dice.between(`first ${service}`, 0, 2 * minute),
    kind: 'push',
    commit: dice.hex(`commit ${index}`, 40),
    changes: [changeOf(dice, `first ${service}`, service, services, 0.95)],
  }));
  // So many that each service is busy: the next commit often comes before the last one is live.
  const spanMs = (size.releases / size.services) * dice.between('pace', 3, 9) * minute;
  const days = Math.max(0, size.releases - size.services);
  for (let index = 0; index < days; index += 1) actions.push(pushOf(dice, services, actions.length, spanMs));
  const pushes = actions.length;
  const others = Math.round(size.releases * dice.between('business', 0.4, 1.4));
  for (let index = 0; index < others; index += 1)
    actions.push(otherOf(dice, services, actions.length, pushes, spanMs));
  for (const service of services) actions.push(...closingOf(dice, service, actions.length, spanMs));
  return actions.sort((a, b) => a.at - b.at);
}

/** In the end somebody goes round and lets go on what stands still; not everywhere. */
function closingOf(dice: Dice, service: string, firstId: number, spanMs: number): Action[] {
  const round: readonly Command[] = ['rollback', 'release', 'approve', 'promote', 'approve'];
  const shares = { rollback: 0.3, release: 0.9, approve: 0.9, promote: 0.3, freeze: 0 };
  return round.flatMap((command, index) => {
    const id = firstId + index;
    if (!dice.chance(`closing ${command} of ${service} ${index}`, shares[command])) return [];
    const at = 3 * minute + spanMs * 1.1 + index * minute * dice.between(`closing time ${service}`, 0.5, 3);
    return [{ id, at, kind: 'command', service, command, keepGoing: true, liftQuarantine: false }];
  });
}

function pushOf(dice: Dice, services: readonly string[], id: number, spanMs: number): Action {
  const key = `push ${id}`;
  const [first = ''] = services;
  const service = dice.pick(`service of ${key}`, [first, ...services.slice(1)]);
  const touched = services.filter(
    (each) => each === service || dice.chance(`${key} touches ${each}`, 0.6 / services.length),
  );
  return {
    id,
    at: 2 * minute + dice.between(`time of ${key}`, 0, spanMs),
    kind: 'push',
    commit: dice.hex(`commit ${id}`, 40),
    changes: touched.map((each) => changeOf(dice, `${key} ${each}`, each, services, 0.65)),
  };
}

function changeOf(
  dice: Dice,
  key: string,
  service: string,
  services: readonly string[],
  goodShare: number,
): Change {
  const bad = (1 - goodShare) / 7;
  const nature = dice.weighted<Nature>(`nature of ${key}`, {
    good: goodShare - 0.12,
    late: 0.04,
    'rate-limited': 0.04,
    silent: 0.04,
    unstartable: bad,
    broken: bad,
    flapping: bad,
    dying: bad,
    'breaks-under-traffic': 1.5 * bad,
    'bad-answers': bad,
    'unreadable-policy': bad / 2,
  });
  const course = dice.weighted<BuildCourse>(`course of ${key}`, {
    passes: 0.86,
    'fails-before-deploy': 0.04,
    'fails-after-deploy': 0.05,
    'never-deploys': 0.02,
    'times-out': 0.03,
  });
  return { service, nature, course, policy: policyOf(dice, key, service, services) };
}

/** The ways of rolling out that there are, with times a fraction of those in production. */
function policyOf(dice: Dice, key: string, service: string, services: readonly string[]): ReleasePolicy {
  const way = `way of ${service}`;
  const percents = dice.pick(way, [[], [10], [10, 50], [5, 25, 50]]);
  const atLeastSeconds = dice.whole(`least ${way}`, 10, 40);
  const atMostSeconds = atLeastSeconds + dice.whole(`most ${way}`, 20, 120);
  const bakeSeconds = dice.whole(`bake ${way}`, 0, 60);
  const approve = dice.weighted(`approve ${way}`, { none: 6, first: 1, all: 1 });
  const set = services.slice(0, dice.whole('release set', 0, Math.min(3, services.length)));
  return releasePolicy.parse({
    health: {
      consecutiveSuccesses: dice.whole(`successes ${way}`, 2, 4),
      intervalSeconds: dice.whole(`interval ${way}`, 1, 5),
      deadlineSeconds: 40,
      watchSeconds: dice.whole(`watch ${way}`, 5, 20),
    },
    rollout: {
      steps: percents.map((percent) => ({ percent, atLeastSeconds, atMostSeconds })),
      bakeSeconds,
      onInconclusive: dice.weighted(`inconclusive ${way}`, { promote: 5, wait: 1, 'roll-back': 2, ask: 1 }),
      approve: approve === 'all' ? [100] : approve === 'first' ? percents.slice(0, 1) : [],
      metrics: { dryRun: dice.chance(`dry run ${way}`, 0.1) },
    },
    schema: {
      version: dice.whole(`schema ${key}`, 0, 3),
      reversible: dice.chance(`reversible ${key}`, 0.9),
    },
    releaseSet: set.length > 1 && set.includes(service) ? set : [],
    public: dice.chance(`public ${way}`, 0.7),
  });
}

function otherOf(
  dice: Dice,
  services: readonly string[],
  id: number,
  pushes: number,
  spanMs: number,
): Action {
  const key = `other ${id}`;
  const at = 3 * minute + dice.between(`time of ${key}`, 0, spanMs * 1.1);
  const push = dice.whole(`push of ${key}`, 0, pushes - 1);
  const [first = ''] = services;
  const service = dice.pick(`service of ${key}`, [first, ...services.slice(1)]);
  const kind = dice.weighted(`kind of ${key}`, {
    rerun: 3,
    'push-back': 1.5,
    cancel: 1,
    console: 2,
    command: 7,
    alert: 1.5,
    noise: 1.5,
  });
  switch (kind) {
    case 'rerun':
    case 'push-back':
    case 'cancel':
      return { id, at, kind, push };
    case 'console':
      return { id, at, kind, service, traffic: dice.pick(`traffic of ${key}`, consoleTraffic) };
    case 'command':
      return {
        id,
        at,
        kind,
        service,
        command: dice.weighted<Command>(`command of ${key}`, often),
        keepGoing: dice.chance(`keep going ${key}`, 0.5),
        liftQuarantine: dice.chance(`lift ${key}`, 0.3),
      };
    case 'alert':
      return {
        id,
        at,
        kind,
        service,
        times: dice.whole(`times ${key}`, 1, 3),
        namesRevision: dice.chance(`names ${key}`, 0.6),
        asksForRollback: dice.chance(`asks ${key}`, 0.5),
      };
    case 'noise': {
      const [topic, data] = dice.pick(`noise of ${key}`, noise);
      return { id, at, kind, topic, data };
    }
    default:
      return kind satisfies never;
  }
}

/** Whoever freezes a service lets it go on again some day. */
const often = { rollback: 2, freeze: 1, release: 4, approve: 2, promote: 1 } as const;

const consoleTraffic: readonly [ConsoleTraffic, ...ConsoleTraffic[]] = [
  'split',
  'all-to-candidate',
  'all-to-stable',
  'all-to-previous',
  'latest',
];

/** What is not for the pipeline, or for nobody. */
const noise: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
  [topics.builds, 'no JSON at all'],
  [topics.builds, '{"id":7}'],
  [topics.builds, '{"id":"gone","name":"projects/1/locations/x/builds/gone"}'],
  [topics.runEvents, '{"resource":{"labels":{"service_name":"other","revision_name":"other-1"}}}'],
  [topics.runEvents, '{}'],
  [topics.releases, '{"service":"nobody","release":"0000000-00000000"}'],
  [topics.releases, '{"release":3}'],
  [topics.ticks, '"tock"'],
  [topics.alerts, '{"version":"test"}'],
  [topics.alerts, '{"version":"2.0","incident":{}}'],
];
