import type { CloudRun, RunRevision, RunService } from '../../../functions/platform/cloud-run.ts';
import { candidateTag, revisionName, type ReleaseKey } from '../../../functions/release/naming.ts';
import type { Surroundings } from '../command.ts';

/** Where a candidate answers. */
export interface CandidateAddress {
  readonly revision: string;
  /** Of its tag. */
  readonly url: string;
  /** The service's own address: the audience of identity tokens, for its tags' addresses too. */
  readonly serviceUrl: string;
  /** Anybody may call it. */
  readonly open: boolean;
}

export type CandidateLook =
  | { readonly kind: 'there'; readonly address: CandidateAddress }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

const lookMs = 1_000;
const progressMs = 10_000;
/** Longer than any startup probe gets on top of pulling an image. */
export const waitSeconds = 300;

/** What the two answers of Cloud Run come to. */
export function lookAtCandidate(
  key: ReleaseKey,
  service: RunService | undefined,
  revision: RunRevision | undefined,
): CandidateLook {
  const name = revisionName(key);
  const tag = candidateTag(key);
  if (revision?.ready === 'no')
    return {
      kind: 'failed',
      why: `${name} is not ready: ${revision.message || 'Cloud Run does not say why'}`,
    };
  if (!service || revision?.ready !== 'yes') return { kind: 'waiting', why: `${name} is not ready yet` };
  const url = service.serving.find((target) => target.tag === tag && target.revision === name)?.url;
  if (url === undefined) return { kind: 'waiting', why: `the tag ${tag} has no address yet` };
  return { kind: 'there', address: { revision: name, url, serviceUrl: service.url, open: service.open } };
}

/** Waits until the candidate is ready and has its address. Throws when it failed, or after five minutes. */
export async function awaitCandidate(
  run: Pick<CloudRun, 'service' | 'revision'>,
  key: ReleaseKey,
  { now, sleep, print }: Pick<Surroundings, 'now' | 'sleep' | 'print'>,
): Promise<CandidateAddress> {
  const started = now();
  let said = started;
  for (;;) {
    const [service, revision] = await Promise.all([
      run.service(key.service),
      run.revision(key.service, revisionName(key)),
    ]);
    const look = lookAtCandidate(key, service, revision);
    if (look.kind === 'there') return look.address;
    if (look.kind === 'failed') throw new Error(`there is no candidate to look at: ${look.why}`);
    if (now() - started >= waitSeconds * 1000)
      throw new Error(
        `there is no candidate to look at after ${waitSeconds} s: ${look.why}. The logs of the revision tell how it starts`,
      );
    if (now() - said >= progressMs) {
      said = now();
      print(`waiting: ${look.why} (${Math.round((said - started) / 1000)} s of ${waitSeconds} s)`);
    }
    await sleep(lookMs);
  }
}
