import type { Table } from '../core/state.ts';
import { validationFailed } from './rest.ts';

export const statusStates = ['error', 'failure', 'pending', 'success'] as const;
export type StatusState = (typeof statusStates)[number];

export interface CommitStatus {
  readonly id: number;
  readonly sha: string;
  readonly state: StatusState;
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: string;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}

export type NewStatus = Pick<CommitStatus, 'state' | 'context' | 'description' | 'targetUrl'>;

/** https://docs.github.com/rest/commits/statuses#create-a-commit-status */
const mostPerContext = 1_000;
const longestDescription = 140;

const invalid = (field: string, message: string): Error =>
  validationFailed({ resource: 'Status', code: 'custom', field, message });

function optionalText(body: Readonly<Record<string, unknown>>, field: string): string | null {
  const value = body[field];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw invalid(field, `${field} must be a string`);
  return value;
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}

/** Checks the body of a new status as GitHub does; throws its 422. */
export function parseStatus(body: Readonly<Record<string, unknown>>): NewStatus {
  const state = statusStates.find((known) => known === body.state);
  if (state === undefined) {
    throw body.state === undefined
      ? validationFailed({ resource: 'Status', code: 'missing_field', field: 'state' })
      : invalid('state', 'state is not included in the list');
  }
  const description = optionalText(body, 'description');
  if (description !== null && Array.from(description).length > longestDescription) {
    throw invalid('description', `description is too long (maximum is ${longestDescription} characters)`);
  }
  const targetUrl = optionalText(body, 'target_url');
  if (targetUrl !== null && !isHttpUrl(targetUrl)) {
    throw invalid('target_url', 'target_url must use http(s) scheme');
  }
  return { state, context: optionalText(body, 'context') ?? 'default', description, targetUrl };
}

/** The latest status of each context (letter case does not matter), newest first; `all` comes newest first. */
export function latestPerContext(all: readonly CommitStatus[]): CommitStatus[] {
  const seen = new Set<string>();
  return all.filter(({ context }) => {
    const key = context.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** failure: any context failed; pending: none at all, or any is pending; success: every one succeeded. */
export function combinedState(latest: readonly CommitStatus[]): 'failure' | 'pending' | 'success' {
  if (latest.some(({ state }) => state === 'error' || state === 'failure')) return 'failure';
  return latest.length > 0 && latest.every(({ state }) => state === 'success') ? 'success' : 'pending';
}

export interface Statuses {
  /** Throws GitHub's 422 when the commit has 1000 statuses of this context. */
  add(repositoryId: number, sha: string, status: NewStatus, creator: string): CommitStatus;
  /** Newest first. */
  list(repositoryId: number, sha: string): CommitStatus[];
}

export function createStatuses(table: Table<CommitStatus>, now: () => number): Statuses {
  let lastId = Math.max(0, ...table.values().map(({ id }) => id));
  const list: Statuses['list'] = (repositoryId, sha) =>
    table.values(`${repositoryId}/${sha}/`).sort((a, b) => b.id - a.id);
  return {
    list,
    add(repositoryId, sha, status, creator) {
      const context = status.context.toLowerCase();
      const sameContext = list(repositoryId, sha).filter((other) => other.context.toLowerCase() === context);
      if (sameContext.length >= mostPerContext) {
        throw validationFailed({
          resource: 'Status',
          code: 'custom',
          message: 'This SHA and context has reached the maximum number of statuses.',
        });
      }
      lastId += 1;
      const added: CommitStatus = { id: lastId, sha, ...status, creator, createdAtMs: now() };
      table.set(`${repositoryId}/${sha}/${lastId}`, added);
      return added;
    },
  };
}
