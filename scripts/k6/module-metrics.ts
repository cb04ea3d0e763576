import type { ModuleHost } from './module-host.ts';
import type { Modules } from './module-names.ts';
import type { MetricType } from './sample.ts';

/** The module `k6/metrics`. https://grafana.com/docs/k6/latest/javascript-api/k6-metrics/ */
export function createMetricsModule(host: ModuleHost): Modules['k6/metrics'] {
  const metric = (type: MetricType) =>
    class {
      readonly name: string;
      constructor(name: string, isTime = false) {
        if (host.running().requests)
          throw new Error(`metric ${name}: metrics must be made in the init context`);
        if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/.test(name))
          throw new Error(`metric ${JSON.stringify(name)}: a name has letters, digits and underscores only`);
        this.name = name;
        host.defineMetric({ name, type, contains: isTime ? 'time' : 'default' });
      }
      add(value: unknown, tags: Readonly<Record<string, unknown>> = {}): boolean {
        const { requests, tags: around } = host.running();
        if (!requests) throw new Error(`metric ${this.name}: values cannot be added in the init context`);
        // Numbers, booleans, and texts that are numbers.
        const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value);
        if (!Number.isFinite(number) || value === null)
          throw new Error(`metric ${this.name}: ${String(value)} is no number`);
        const own = Object.entries(tags).map(([key, tag]) => [key, String(tag)]);
        host.record({
          tags: { ...around, ...(Object.fromEntries(own) as Record<string, string>) },
          values: [[this.name, type === 'rate' ? (number === 0 ? 0 : 1) : number]],
        });
        return true;
      }
    };
  return { Counter: metric('counter'), Gauge: metric('gauge'), Rate: metric('rate'), Trend: metric('trend') };
}
