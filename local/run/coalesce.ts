/**
 * Runs `work` for a key, one run at a time; calls that come during a run make one more run after it. `idle` resolves
 * when no run is left. An error of `work` goes to `onError`, and the key can be worked on again.
 */
export function createCoalescer(
  work: (key: string) => Promise<void>,
  onError: (key: string, error: unknown) => void,
): { (key: string): Promise<void>; idle(): Promise<void> } {
  const again = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const run = async (key: string): Promise<void> => {
    do {
      again.delete(key);
      try {
        await work(key);
      } catch (error) {
        onError(key, error);
      }
    } while (again.has(key));
    running.delete(key);
  };
  const request = (key: string): Promise<void> => {
    const current = running.get(key);
    if (current) {
      again.add(key);
      return current;
    }
    // Begun in a later turn, so that what the caller does next is seen by this run already.
    const started = Promise.resolve().then(() => run(key));
    running.set(key, started);
    return started;
  };
  return Object.assign(request, {
    async idle() {
      while (running.size > 0) await Promise.all(running.values());
    },
  });
}
