import type { CloudRun } from '../../../functions/platform/cloud-run.ts';
import type { Ledger } from '../../../functions/release/ledger.ts';

/**
 * Those of the services that have never been released: they are closed to the public until they are verified, and a
 * member of the same release set stays so until this build has ended; waiting is no use. One that has been released and
 * is closed all the same is none of them: whoever uses the page finds it broken.
 */
export async function unreleasedServices(
  run: Pick<CloudRun, 'service'>,
  ledger: Pick<Ledger, 'service'>,
  names: readonly string[],
): Promise<string[]> {
  const looks = await Promise.all(
    names.map(async (name) => {
      const [service, { stable }] = await Promise.all([run.service(name), ledger.service(name)]);
      return { name, unreleased: service?.open !== true && stable === undefined };
    }),
  );
  return looks.filter(({ unreleased }) => unreleased).map(({ name }) => name);
}
