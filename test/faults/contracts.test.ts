import { describe } from '@jest/globals';
import { decodeMessage, type PubSubMessage } from '../../functions/platform/pubsub-event.ts';
import { bucketContract } from '../functions/platform/contracts/bucket-contract.ts';
import { cloudRunContract } from '../functions/platform/contracts/cloud-run-contract.ts';
import { gitHubContract } from '../functions/platform/contracts/github-contract.ts';
import { topicsContract } from '../functions/platform/contracts/topics-contract.ts';
import { artifactOf, type Nature } from './world/artifacts.ts';
import { createDice } from './world/dice.ts';
import { createFaults, ratesOf } from './world/faults.ts';
import { createHub } from './world/hub.ts';
import { createMessages } from './world/messages.ts';
import { createProcesses, type Invocation } from './world/processes.ts';
import { createRun } from './world/run.ts';
import { createStore } from './world/store.ts';
import { createTrace } from './world/trace.ts';
import { createVirtualClock, type VirtualClock } from './world/virtual-clock.ts';
import { worldStart } from './world/world.ts';

/* The simulated cloud is held to what the real adapters are held to, in front of the local cloud. */

/** A world in which nothing fails, and a process in it that never ends. */
function calmWorld() {
  const dice = createDice(1);
  const clock = createVirtualClock(worldStart);
  const trace = createTrace(clock, worldStart, 100);
  const faults = createFaults(dice, ratesOf(dice), new Set());
  const processes = createProcesses(clock, dice, faults, trace);
  let invocation: Invocation | undefined;
  processes.start(
    { program: 'contract', key: 'contract', actor: 'somebody@example.com' },
    async (own) => {
      invocation = own;
      await new Promise(() => undefined);
    },
    () => undefined,
  );
  if (!invocation) throw new Error('the process has not started');
  return { dice, clock, trace, faults, invocation };
}

/** A port whose calls make time pass until they are answered. */
function driven<T extends object>(clock: VirtualClock, port: T): T {
  let pending = 0;
  let running = false;
  const drive = async (): Promise<void> => {
    if (running) return;
    running = true;
    while (pending > 0) await clock.run(clock.now() + 1_000, () => pending === 0);
    running = false;
  };
  const call =
    (method: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      pending += 1;
      void drive();
      try {
        return await method(...args);
      } finally {
        pending -= 1;
      }
    };
  return Object.fromEntries(
    Object.entries(port).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'function' ? call(value as (...args: unknown[]) => Promise<unknown>) : value,
    ]),
  ) as T;
}

const close = () => Promise.resolve();

describe('the simulated Cloud Storage', () => {
  bucketContract(async () => {
    const { clock, trace, invocation } = calmWorld();
    const store = createStore(clock, trace, () => undefined);
    return { bucket: driven(clock, store.bucket(invocation)), close };
  });
});

describe('the simulated Cloud Run', () => {
  cloudRunContract(async () => {
    const { dice, clock, trace, faults, invocation } = calmWorld();
    const watcher = { asked: () => undefined, served: () => undefined };
    const run = createRun(clock, dice, faults, trace, watcher, () => undefined);
    const add = async (service: string, name: string, nature: Nature): Promise<void> => {
      const artifact = artifactOf(dice, name, nature);
      run.addRevision({ service, name, labels: {}, annotations: {}, image: 'image@sha256:1', artifact });
      await clock.run(clock.now() + 10_000);
    };
    return {
      run: driven(clock, run.cloudRun(invocation)),
      async createService(service, revision) {
        await add(service, revision, 'good');
        run.change(service, undefined, invocation, { traffic: [{ revision, percent: 100, tag: undefined }] });
        await clock.run(clock.now() + 10_000);
      },
      async addRevision(service, revision, outcome) {
        await add(service, revision, outcome === 'ready' ? 'good' : 'unstartable');
      },
      settle: () => clock.run(clock.now() + 10_000),
      close,
    };
  });
});

describe('the simulated GitHub', () => {
  gitHubContract(async () => {
    const { clock, trace, invocation } = calmWorld();
    const hub = createHub(clock, trace);
    const [commit, other] = ['a'.repeat(40), 'b'.repeat(40)];
    hub.push('main', commit);
    hub.push('feature/x', other);
    return {
      github: driven(clock, hub.github(invocation)),
      commit,
      other,
      async statuses(of) {
        const all = [...hub.statuses(of).values()].flat();
        return all
          .sort((a, b) => b.at - a.at)
          .map(({ state, context, description, targetUrl }) => ({ state, context, description, targetUrl }));
      },
      close,
    };
  });
});

describe('the simulated Pub/Sub', () => {
  topicsContract(async () => {
    const { dice, clock, trace, faults, invocation } = calmWorld();
    const handlers: ((message: PubSubMessage) => void)[] = [];
    const subscriptions: { topic: string; target: string }[] = [];
    const messages = createMessages<string>(
      clock,
      dice,
      faults,
      trace,
      (target, _key, event, ended) => {
        const message = decodeMessage(event);
        try {
          if (message.ok) handlers[Number(target)]?.(message.value);
          ended({ kind: 'done' });
        } catch (error) {
          ended({ kind: 'failed', error });
        }
      },
      subscriptions,
    );
    return {
      topics: driven(clock, messages.topics(invocation)),
      async subscribe(topic, handle) {
        subscriptions.push({ topic, target: String(handlers.length) });
        handlers.push(handle);
      },
      async until(condition) {
        await clock.run(clock.now() + 3_600_000, condition);
      },
      close,
    };
  });
});
