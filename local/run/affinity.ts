import { pickRevision } from './traffic.ts';
import type { Routes } from './records.ts';

/*
 * Session affinity: a client stays on the revision that its first request has come to, whatever the split says, for as
 * long as that revision has traffic. When the revision's share shrinks, as many of its clients move as have to: from
 * 90 % to 80 %, one in nine. https://cloud.google.com/run/docs/configuring/session-affinity
 * A revision has one instance here, so who stays on a revision stays on an instance.
 */

/** What a client's cookie says. */
export interface Assignment {
  readonly revision: string;
  /** The revision's share when the client came to it, or since, where it has grown. */
  readonly percent: number;
  /** In [0, 1): which of the revision's clients move first when its share shrinks. */
  readonly position: number;
}

/**
 * Cloud Run calls the cookie GAESA. Browsers keep cookies by host and not by port, and every service here is on the
 * same host: without its name in it, services would overwrite one another's.
 */
export const affinityCookie = (service: string): string => `GAESA_${service}`;

const keptForMs = 30 * 24 * 3_600_000;

/** The `Set-Cookie` of an assignment. */
export function writeAssignment(service: string, assignment: Assignment, nowMs: number): string {
  const value = Buffer.from(JSON.stringify(assignment)).toString('base64url');
  const expires = new Date(nowMs + keptForMs).toUTCString();
  return `${affinityCookie(service)}=${value}; expires=${expires}; path=/; HttpOnly`;
}

/** The assignment in a `Cookie` header; undefined when there is none, or none that can be read. */
export function readAssignment(service: string, header: string | undefined): Assignment | undefined {
  const prefix = `${affinityCookie(service)}=`;
  const cookie = header?.split(/;\s*/).find((pair) => pair.startsWith(prefix));
  if (cookie === undefined) return undefined;
  try {
    const text = Buffer.from(cookie.slice(prefix.length), 'base64url').toString('utf8');
    const { revision, percent, position } = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (typeof revision !== 'string' || typeof percent !== 'number' || typeof position !== 'number')
      return undefined;
    return { revision, percent, position };
  } catch {
    return undefined;
  }
}

export interface RoutedClient {
  /** Undefined when nothing is routed yet. */
  readonly revision: string | undefined;
  /** What the client has to be told. */
  readonly assign?: Assignment;
}

/** The revision for a request of a client. `sticky` knows the revisions with affinity; `random` is in [0, 1). */
export function routeClient(
  { shares }: Pick<Routes, 'shares'>,
  standing: Assignment | undefined,
  sticky: (revision: string) => boolean,
  random: () => number,
): RoutedClient {
  const shareOf = (revision: string): number =>
    shares.find((share) => share.revision === revision)?.percent ?? 0;
  const held = standing && sticky(standing.revision) ? standing : undefined;
  if (held) {
    const share = shareOf(held.revision);
    if (share > held.percent) return { revision: held.revision, assign: { ...held, percent: share } };
    if (held.position * held.percent < share) return { revision: held.revision };
  }
  const open = shares.filter(({ revision }) => revision !== held?.revision);
  const revision = pickRevision({ shares: open }, random());
  if (revision === undefined || !sticky(revision)) return { revision };
  return { revision, assign: { revision, percent: shareOf(revision), position: random() } };
}
