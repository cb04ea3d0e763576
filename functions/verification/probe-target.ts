import { candidateTag, type ReleaseKey } from '../release/naming.ts';
import type { VerificationPorts } from './ports.ts';
import type { ProbeTarget } from './probe-answer.ts';

/** Each look renews the lease: Cloud Storage takes one write a second to an object. */
const addressLookSeconds = 1;

/** Where the candidate answers, and what lets us in; undefined while its tag has no address. */
export async function findTarget(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: string,
): Promise<ProbeTarget | undefined> {
  const tag = candidateTag(key);
  const service = await ports.run.service(key.service);
  const url = service?.serving.find((target) => target.tag === tag && target.revision === revision)?.url;
  if (!service || url === undefined) return undefined;
  // The audience of a tag's address is the service's own address.
  return { url, revision, token: service.open ? undefined : await ports.identityToken(service.url) };
}

/** As `findTarget`, for a candidate that has just been made: a tag's address comes some time after its revision is ready. */
export async function awaitTarget(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: string,
  waitSeconds: number,
  renew: (pauseSeconds: number) => Promise<boolean>,
): Promise<ProbeTarget | undefined> {
  const until = ports.now().getTime() + waitSeconds * 1000;
  for (;;) {
    const target = await findTarget(ports, key, revision);
    if (target || ports.now().getTime() >= until) return target;
    await renew(addressLookSeconds);
    await ports.sleep(addressLookSeconds * 1000);
  }
}
