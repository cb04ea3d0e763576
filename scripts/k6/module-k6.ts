import { requestsOf, type ModuleHost } from './module-host.ts';
import type { Modules } from './module-names.ts';

/** The module `k6`. https://grafana.com/docs/k6/latest/javascript-api/k6/ */
export function createK6Module(host: ModuleHost): Modules['k6'] {
  return {
    /** Each of `sets` with the value; true when all hold. One that throws counts as failed, and goes on throwing. */
    check(
      value: unknown,
      sets: Readonly<Record<string, unknown>>,
      tags: Readonly<Record<string, string>> = {},
    ): boolean {
      requestsOf(host, 'check');
      let all = true;
      for (const [name, test] of Object.entries(sets)) {
        let passed = false;
        try {
          passed = Boolean(typeof test === 'function' ? (test as (value: unknown) => unknown)(value) : test);
        } finally {
          host.record({
            tags: { ...host.running().tags, ...tags, check: name },
            values: [['checks', passed ? 1 : 0]],
          });
        }
        all &&= passed;
      }
      return all;
    },

    fail(message = ''): never {
      throw new Error(message);
    },

    group<T>(name: string, inside: () => T): T {
      requestsOf(host, 'group');
      if (name.includes('::')) throw new Error('the name of a group must not contain ::');
      const group = `${host.running().tags.group ?? ''}::${name}`;
      return host.within({ group }, () => {
        const began = performance.now();
        try {
          const result = inside();
          if (result instanceof Object && 'then' in result)
            host.refuse(`an asynchronous function in group ${JSON.stringify(name)}`);
          return result;
        } finally {
          host.record({ tags: host.running().tags, values: [['group_duration', performance.now() - began]] });
        }
      });
    },

    sleep(seconds: number): void {
      requestsOf(host, 'sleep');
      host.flush();
      const until = performance.now() + seconds * 1000;
      // What arrives meanwhile is about requests that were broken off.
      while (host.port.receive(until));
    },
  };
}
