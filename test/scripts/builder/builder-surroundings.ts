import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import type { Surroundings } from '../../../scripts/builder/command.ts';

export interface TestSurroundings extends Surroundings {
  /** What was printed. */
  readonly printed: string[];
}

/** The surroundings of a builder command in a test: `endpoint` is where the cloud is, `folder` the checkout. */
export function surroundings(folder: string, endpoint = 'http://127.0.0.1:9'): TestSurroundings {
  const printed: string[] = [];
  let now = Date.parse('2026-03-02T10:00:00Z');
  return {
    api: createGoogleApi(endpoint, () => Promise.resolve()),
    folder,
    printed,
    print: (line) => {
      printed.push(...line.split('\n'));
    },
    now: () => now,
    // Time passes at once, so that nothing here waits for a clock; the pause lets others get their turn.
    sleep: async (milliseconds) => {
      now += milliseconds;
      await new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 20)));
    },
  };
}
