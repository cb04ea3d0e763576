import type { RunService } from '../platform/cloud-run.ts';
import { candidateTag } from '../release/naming.ts';
import type { Serving } from '../release/service-record.ts';
import type { RolloutPorts } from './ports.ts';

const attempts = 3;
const pauseMs = 300;

/** Why Cloud Run could not give the revision any traffic. */
export async function unready(
  { run }: Pick<RolloutPorts, 'run'>,
  service: string,
  revision: string,
): Promise<string | undefined> {
  const found = await run.revision(service, revision);
  if (!found) return `${revision} does not exist any more`;
  return found.ready === 'yes' ? undefined : `${revision} is not ready: ${found.message}`;
}

/** That a released revision does not answer at its tag's address as its policy says it has to. */
export async function silence(
  ports: RolloutPorts,
  { revision, release: id }: Serving,
  service: RunService,
): Promise<string | undefined> {
  const name = revision.slice(0, -(id.length + 1));
  const release = await ports.ledger.release({ service: name, id });
  const tag = candidateTag({ service: name, id });
  const url = service.serving.find((entry) => entry.tag === tag && entry.revision === revision)?.url;
  // Without an address of its own nobody can ask it; that it is ready is what there is to know.
  if (!release?.candidate || url === undefined) return undefined;
  const { health } = release.candidate.policy;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await ports.sleep(pauseMs);
    if (await ports.answers(service, url, revision, health)) return undefined;
  }
  return `${revision} does not answer ${health.path} as it should`;
}
