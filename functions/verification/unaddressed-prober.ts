import type { ProbeTarget } from './probe-answer.ts';
import type { Prober } from './prober.ts';

/**
 * Looks at a revision whose tag has no address: that says nothing of its health, and each look says so, until there is one
 * and the prober that `open` gives for it takes over. A look throws what `find` throws.
 */
export function createUnaddressedProber(
  tag: string,
  find: () => Promise<ProbeTarget | undefined>,
  open: (target: ProbeTarget) => Prober,
  now: () => Date,
): Prober {
  let prober: Prober | undefined;
  return {
    async look() {
      if (!prober) {
        const target = await find();
        if (!target)
          return [
            {
              at: now().toISOString(),
              latencyMs: 0,
              outcome: 'unreachable',
              detail: `could not be asked, because Cloud Run has no address for tag ${tag}`,
            },
          ];
        prober = open(target);
      }
      return prober.look();
    },
    stop() {
      prober?.stop();
    },
  };
}
