import type { Bucket } from '../platform/cloud-storage.ts';
import {
  evidenceSchema,
  noEvidence,
  withMore,
  type Evidence,
  type EvidenceStretch,
} from '../release/evidence.ts';
import { objects, type ReleaseKey } from '../release/naming.ts';
import type { Probe } from '../release/release.ts';

/** What has been seen of one release, kept so that whoever comes next goes on from there. */
export interface EvidenceStore {
  readonly evidence: Evidence;
  add(more: { readonly probes?: readonly Probe[]; readonly stretches?: readonly EvidenceStretch[] }): void;
  /** Writes what is new; false when somebody else has written meanwhile: then it is theirs to go on. */
  save(): Promise<boolean>;
}

export async function openEvidence(bucket: Bucket, key: ReleaseKey): Promise<EvidenceStore> {
  const object = objects.evidence(key);
  const stored = await bucket.read(object);
  let evidence = stored ? evidenceSchema.parse(JSON.parse(stored.text)) : noEvidence;
  let saved = evidence;
  let generation = stored?.generation ?? '0';
  return {
    get evidence() {
      return evidence;
    },
    add(more) {
      evidence = withMore(evidence, more);
    },
    async save() {
      if (saved === evidence) return true;
      const written = await bucket.writeIf(object, JSON.stringify(evidence), generation);
      if (written === undefined) return false;
      generation = written;
      saved = evidence;
      return true;
    },
  };
}
