import type { Table } from '../core/state.ts';
import type { Policy } from './policies-api.ts';
import type { Revision, RevisionTemplate, Service } from './resources.ts';

/** Where requests go: what the last successful change of traffic has come to, by revision. */
export interface Routes {
  readonly shares: readonly { readonly revision: string; readonly percent: number }[];
  /** Tag to revision. */
  readonly tags: Readonly<Record<string, string>>;
}

export type AuditMethod = 'CreateService' | 'UpdateService';

/** A service as it is stored. */
export interface ServiceRecord {
  /** As the API answers it, but for the etag. */
  readonly service: Service;
  readonly routes: Routes;
  /** Revisions made so far: the number in the names that are made here. */
  readonly revisionCount: number;
  /** Short name of the revision that the newest generation has brought, if it has. */
  readonly broughtRevision?: string;
  /** Long-running operations that wait for the service to settle. */
  readonly operations: readonly string[];
  readonly method: AuditMethod;
  /** Tags that once had an address; their ports are not given to another tag soon. */
  readonly formerTags: readonly string[];
}

/** A revision as it is stored. */
export interface RevisionRecord {
  readonly revision: Revision;
  /** What it was made of, to tell whether a template says the same. */
  readonly template: RevisionTemplate;
  /** Generation of the service that brought it. */
  readonly configurationGeneration: string;
  readonly method: AuditMethod;
  /** The operation that brought it. */
  readonly operation: string;
  /** The image by digest; set once it has been found. */
  readonly image?: string;
}

/** What Cloud Run keeps, by full name. */
export interface Stores {
  readonly services: Table<ServiceRecord>;
  readonly revisions: Table<RevisionRecord>;
  readonly policies: Table<Policy>;
}

export type RevisionState = 'starting' | 'ready' | 'failed';

/** Whether a revision has come up, out of its Ready condition. */
export function revisionState({ revision }: RevisionRecord): RevisionState {
  const ready = revision.conditions?.find(({ type }) => type === 'Ready')?.state;
  if (ready === 'CONDITION_SUCCEEDED') return 'ready';
  return ready === 'CONDITION_FAILED' ? 'failed' : 'starting';
}

export const readyMessage = ({ revision }: RevisionRecord): string =>
  revision.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
