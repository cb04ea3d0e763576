import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { createBlockingPort, Interrupted } from './blocking-port.ts';
import { loadScript } from './load-script.ts';
import type { Call, FromVu, Outcome, VuStart } from './messages.ts';
import type { ModuleHost, Running } from './module-host.ts';
import { createHttpModule } from './module-http.ts';
import { createK6Module } from './module-k6.ts';
import { createMetricsModule } from './module-metrics.ts';
import { createWsModule } from './module-ws.ts';
import type { MetricDefinition, SampleGroup } from './sample.ts';
import { createErrorText } from './script-places.ts';

/** A virtual user: loads the script, then runs one call after the other. */
async function main(parent: MessagePort, start: VuStart): Promise<void> {
  const tell = (message: FromVu): void => {
    parent.postMessage(message);
  };
  const port = createBlockingPort(start.io, start.signal);
  const errorText = createErrorText(start.sourceMap);
  const metrics = new Map<string, MetricDefinition>();
  const warned = new Set<string>();
  let recorded: SampleGroup[] = [];
  let running: Running = { requests: undefined, tags: {} };
  let lastId = 0;
  let refused: string | undefined;

  const refuse = (what: string): never => {
    refused ??= what;
    throw new Error(`${what} is not supported by this runner`);
  };

  const flush = (): void => {
    if (recorded.length > 0) tell({ kind: 'samples', groups: recorded });
    recorded = [];
  };
  const host = (parseJson: (text: string) => unknown): ModuleHost => ({
    port,
    running: () => running,
    within(tags, inside) {
      const before = running;
      running = { ...before, tags: { ...before.tags, ...tags } };
      try {
        return inside();
      } finally {
        running = before;
      }
    },
    record: (group) => recorded.push(group),
    flush,
    defineMetric(definition) {
      const known = metrics.get(definition.name);
      if (known && (known.type !== definition.type || known.contains !== definition.contains))
        throw new Error(`metric ${definition.name} is made twice, and differently`);
      metrics.set(definition.name, definition);
    },
    nextId: () => (lastId += 1),
    refuse,
    warnOnce(text) {
      if (!warned.has(text)) tell({ kind: 'log', level: 'warning', text });
      warned.add(text);
    },
    parseJson,
  });

  const load = (): ReturnType<typeof loadScript> | undefined => {
    try {
      return loadScript(start.code, {
        vu: start.vu,
        env: start.env,
        modules(parseJson) {
          const each = host(parseJson);
          return {
            k6: createK6Module(each),
            'k6/http': createHttpModule(each),
            'k6/metrics': createMetricsModule(each),
            'k6/ws': createWsModule(each),
          };
        },
        refuse,
        log: (level, text) => {
          tell({ kind: 'log', level, text });
        },
      });
    } catch (error) {
      tell({ kind: 'load-failed', error: { text: errorText(error) } });
      return undefined;
    }
  };
  const script = load();
  if (!script) return;

  const run = async (call: Call): Promise<Outcome> => {
    running = {
      requests: call.requests,
      tags: { ...call.requests.tags, scenario: call.scenario, group: '', ...call.tags },
    };
    script.prepare(call.iteration, call.env);
    const exec = script.exported[call.exec] as (...parameters: readonly unknown[]) => unknown;
    const began = performance.now();
    const outcome = await outcomeOf(() => exec(...call.arguments));
    if (call.isIteration && outcome.kind !== 'interrupted')
      host(JSON.parse).record({
        tags: running.tags,
        values: [
          ['iterations', 1],
          ['iteration_duration', performance.now() - began],
        ],
      });
    if (outcome.kind === 'interrupted') port.post({ kind: 'cancel' });
    flush();
    return refused === undefined ? outcome : { kind: 'refused', what: refused };
  };
  const outcomeOf = async (exec: () => unknown): Promise<Outcome> => {
    try {
      // As k6 hands it on: only what JSON can hold.
      const value = await exec();
      port.check();
      return value === undefined
        ? { kind: 'completed' }
        : { kind: 'completed', value: JSON.parse(JSON.stringify(value)) as unknown };
    } catch (error) {
      return error instanceof Interrupted
        ? { kind: 'interrupted' }
        : { kind: 'failed', error: { text: errorText(error) } };
    }
  };

  parent.on('message', (call: Call) => {
    void run(call).then((outcome) => {
      tell({ kind: 'done', outcome });
    });
  });
  const functions = Object.entries(script.exported).filter(([, value]) => typeof value === 'function');
  tell({
    kind: 'loaded',
    exported: functions.map(([name]) => name),
    options: JSON.parse(JSON.stringify(script.exported.options ?? {})) as unknown,
    metrics: [...metrics.values()],
  });
}

if (parentPort) await main(parentPort, workerData as VuStart);
