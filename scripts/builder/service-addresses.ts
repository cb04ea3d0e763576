import type { Surroundings } from './command.ts';
import type { RunDeployments } from './run-deployments.ts';

const waitSeconds = 600;
const lookMs = 2_000;
const progressSeconds = 10;

/**
 * The addresses of other services, by name. With the first push all services are deployed side by side, so that one may
 * not exist yet: waits for it, with a line of progress now and then, for at most ten minutes.
 */
export async function serviceAddresses(
  run: Pick<RunDeployments, 'service'>,
  names: readonly string[],
  { now, sleep, print }: Pick<Surroundings, 'now' | 'sleep' | 'print'>,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const started = now();
  let said = started;
  for (;;) {
    const missing = names.filter((name) => found[name] === undefined);
    await Promise.all(
      missing.map(async (name) => {
        const service = await run.service(name);
        if (service && service.url !== '') found[name] = service.url;
      }),
    );
    const left = names.filter((name) => found[name] === undefined);
    if (left.length === 0) return found;
    const seconds = Math.round((now() - started) / 1000);
    if (seconds >= waitSeconds)
      throw new Error(
        `${left.join(' and ')} ${left.length === 1 ? 'has' : 'have'} no address on Cloud Run after ${waitSeconds} s; ` +
          `release ${left.join(' and ')} first, then run this build again`,
      );
    if (seconds === 0 || now() - said >= progressSeconds * 1000) {
      said = now();
      print(
        `waiting for the address of ${left.join(' and ')}: not deployed yet (${seconds} s of ${waitSeconds} s)`,
      );
    }
    await sleep(lookMs);
  }
}
