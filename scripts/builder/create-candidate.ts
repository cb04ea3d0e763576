import type { RunRevision } from '../../functions/platform/cloud-run.ts';
import { candidateTag, revisionName, type ReleaseKey } from '../../functions/release/naming.ts';
import type { Surroundings } from './command.ts';
import { candidateTraffic, type RevisionState } from './candidate-traffic.ts';
import { noteForeignTraffic, type ServiceRecords } from './note-foreign-traffic.ts';
import type { DeployedService, Refusal, RevisionTemplate, RunDeployments } from './run-deployments.ts';

/** The changes of others that a deployment gives way to before it gives up. */
const maxAttempts = 10;
/** Cloud Run makes the revision after it has accepted the service. */
const revisionWaitSeconds = 120;

/** What a deployment meets. */
export interface CandidatePorts {
  readonly run: RunDeployments;
  readonly records: ServiceRecords;
}

export interface CandidateRequest {
  readonly key: ReleaseKey;
  /** By digest. */
  readonly image: string;
  readonly template: RevisionTemplate;
}

export interface CreatedCandidate {
  readonly revision: string;
  /** The address of its tag; undefined while Cloud Run has not given it out, which it does once the revision is ready. */
  readonly url: string | undefined;
}

/**
 * Makes the candidate: a revision with a name and an address of its own and no traffic. Stating the same again is
 * harmless: a revision of that name that runs the same image is this candidate, made by an earlier run of this step.
 */
export async function createCandidate(
  { run, records }: CandidatePorts,
  request: CandidateRequest,
  time: Pick<Surroundings, 'now' | 'sleep'>,
): Promise<CreatedCandidate> {
  let refusal: Refusal | undefined;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    refusal = await stateOnce({ run, records }, request, time.now());
    if (!refusal) return awaitRevision(run, request, time);
    await time.sleep(Math.min(200 * 2 ** attempt, 5_000));
  }
  throw new Error(
    `the service ${request.key.service} could not be changed in ${maxAttempts} attempts; if others are changing it, run the build again once they are done`,
    { cause: refusal },
  );
}

/** Undefined once Cloud Run has the candidate. */
async function stateOnce(
  { run, records }: CandidatePorts,
  { key, image, template }: CandidateRequest,
  nowMs: number,
): Promise<Refusal | undefined> {
  const candidate = { revision: revisionName(key), tag: candidateTag(key) };
  // Before the service: what looks foreign by it is foreign.
  const record = await records.service(key.service);
  const [service, made] = await Promise.all([
    run.service(key.service),
    run.revision(key.service, candidate.revision),
  ]);
  if (made && made.image !== image) {
    throw new Error(
      `revision ${made.name} exists already and runs another image, ${made.image}; a revision cannot be changed: run a new build`,
    );
  }
  if (made && service?.traffic.some(({ tag }) => tag === candidate.tag)) return undefined;
  const states = await statesOf(run, key.service, service);
  const traffic = candidateTraffic(service, candidate, (revision) => states.get(revision) ?? 'gone');
  if (!service) return run.create(key.service, template, traffic);
  // Before the traffic is changed: it is the last that anybody sees of it.
  const at = new Date(nowMs).toISOString();
  const refusal = await noteForeignTraffic(records, service, record, at);
  if (refusal) return refusal;
  return run.update(key.service, service.etag, made ? { traffic } : { template, traffic });
}

async function statesOf(
  run: RunDeployments,
  name: string,
  service: DeployedService | undefined,
): Promise<ReadonlyMap<string, RevisionState>> {
  const named = [...(service?.traffic ?? []), ...(service?.serving ?? [])].flatMap(
    ({ revision }) => revision ?? [],
  );
  const revisions = [
    ...new Set([...named, ...(service?.latestReady === undefined ? [] : [service.latestReady])]),
  ];
  return new Map(
    await Promise.all(
      revisions.map(async (revision) => [revision, stateOf(await run.revision(name, revision))] as const),
    ),
  );
}

function stateOf(revision: RunRevision | undefined): RevisionState {
  if (!revision) return 'gone';
  switch (revision.ready) {
    case 'yes':
      return 'ready';
    case 'no':
      return 'failed';
    case 'not-yet':
      return 'starting';
    default:
      return revision.ready satisfies never;
  }
}

async function awaitRevision(
  run: RunDeployments,
  { key }: CandidateRequest,
  { now, sleep }: Pick<Surroundings, 'now' | 'sleep'>,
): Promise<CreatedCandidate> {
  const name = revisionName(key);
  const until = now() + revisionWaitSeconds * 1000;
  for (let pauseMs = 100; !(await run.revision(key.service, name)); pauseMs = Math.min(pauseMs * 2, 2_000)) {
    if (now() > until)
      throw new Error(
        `Cloud Run accepted revision ${name} but has not made it within ${revisionWaitSeconds} s; look at the service ${key.service} in the console`,
      );
    await sleep(pauseMs);
  }
  const service = await run.service(key.service);
  return { revision: name, url: service?.tagUrls[candidateTag(key)] };
}
