import { candidateTag, type ReleaseKey } from '../release/naming.ts';
import type { VerificationPorts } from './ports.ts';
import type { ProbeTarget } from './probe-answer.ts';

/** A tag address appears a moment after its revision is ready. */
export const addressWaitSeconds = 30;
/** Each look renews the lease: Cloud Storage takes one write a second to an object. */
const addressLookSeconds = 1;

/** Where the candidate answers, and what lets us in; undefined when its tag gets no address in time. */
export async function probeTarget(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: string,
  renew: (pauseSeconds: number) => Promise<boolean>,
): Promise<ProbeTarget | undefined> {
  const tag = candidateTag(key);
  const until = ports.now().getTime() + addressWaitSeconds * 1000;
  for (;;) {
    const service = await ports.run.service(key.service);
    const url = service?.serving.find((target) => target.tag === tag && target.revision === revision)?.url;
    if (service && url !== undefined) {
      // The audience of a tag's address is the service's own address.
      return { url, revision, token: service.open ? undefined : await ports.identityToken(service.url) };
    }
    if (ports.now().getTime() > until) return undefined;
    await renew(addressLookSeconds);
    await ports.sleep(addressLookSeconds * 1000);
  }
}
