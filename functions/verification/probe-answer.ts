import type { HealthPolicy } from '../release/policy.ts';
import type { Probe } from '../release/release.ts';
import { failureOf } from './probe-failure.ts';

export interface ProbeTarget {
  /** The candidate's own address. */
  readonly url: string;
  /** The revision that has to answer. */
  readonly revision: string;
  /** Identity token, where the service is not open to all. */
  readonly token: string | undefined;
}

/** What one look has found, without when and what it was. */
export type Finding = Omit<Probe, 'at' | 'latencyMs' | 'check'>;

export type Expectation = Pick<HealthPolicy, 'status' | 'headers' | 'bodyIncludes'>;

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** For the whole answer, its body too. */
  readonly timeoutSeconds: number;
}

export interface Answer {
  readonly finding: Finding;
  readonly setCookies: readonly string[];
}

/** What was said before the body. */
export interface AnswerHead {
  readonly status: number;
  /** `x-revision` */
  readonly revision: string | undefined;
}

const largestBodyBytes = 1_000_000;
const revisionName = /^[a-z][a-z0-9-]{0,62}$/;

/** A path may hold `//`: joined to the origin it cannot lead to another host. */
export const addressOf = ({ url }: ProbeTarget, path: string): URL => new URL(new URL(url).origin + path);

export const probeHeaders = ({ token }: ProbeTarget): Record<string, string> => ({
  'user-agent': 'slipway-verification',
  // Beside `authorization`, which stays the service's own affair:
  // https://cloud.google.com/run/docs/authenticating/service-to-service
  ...(token === undefined ? {} : { 'x-serverless-authorization': `Bearer ${token}` }),
});

/** The status and who answered, as they are kept; what names no revision is not. */
export const seenOf = ({ status, revision }: AnswerHead): Pick<Finding, 'status' | 'revision'> => ({
  status,
  ...(revision !== undefined && revisionName.test(revision) ? { revision } : {}),
});

/** What is wrong already before the body; undefined when nothing is. */
export function headFault(head: AnswerHead, target: ProbeTarget, expected: number): Finding | undefined {
  const seen = seenOf(head);
  if (head.revision !== undefined && head.revision !== target.revision) {
    const who = seen.revision === undefined ? 'what names no revision' : `revision ${seen.revision}`;
    return { outcome: 'wrong-revision', ...seen, detail: `was answered by ${who}` };
  }
  const { status } = head;
  if (status === expected) return undefined;
  if (status === 429) return { outcome: 'rate-limited', ...seen, detail: 'answered 429, its own rate limit' };
  const detail = `answered ${status} instead of ${expected}`;
  if (status === 401 || status === 403) return { outcome: 'not-permitted', ...seen, detail };
  return { outcome: 'wrong-status', ...seen, detail };
}

function headerFault(headers: Headers, expected: Readonly<Record<string, string>>): string | undefined {
  for (const [name, text] of Object.entries(expected)) {
    const value = headers.get(name);
    if (value === null) return `has no header ${name}`;
    if (!value.toLowerCase().includes(text.toLowerCase()))
      return `its header ${name} does not contain ${JSON.stringify(text)}`;
  }
  return undefined;
}

/** The body to its end, or to the limit. */
async function readText(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= largestBodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, largestBodyBytes).toString('utf8');
}

/** Asks once and compares the answer with what it has to be. Never throws: no answer is a finding too. */
export async function ask(
  target: ProbeTarget,
  { method, path, headers, body, timeoutSeconds }: Question,
  expected: Expectation,
  stopped?: AbortSignal,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const response = await fetch(addressOf(target, path), {
      method,
      redirect: 'manual',
      // A kept connection would hide an instance that no longer accepts new ones.
      headers: { ...probeHeaders(target), connection: 'close', ...headers },
      ...(body === undefined ? {} : { body }),
      signal: stopped ? AbortSignal.any([timeout, stopped]) : timeout,
    });
    const setCookies = response.headers.getSetCookie();
    const head = { status: response.status, revision: response.headers.get('x-revision') ?? undefined };
    const fault = headFault(head, target, expected.status);
    if (fault) {
      await response.body?.cancel();
      return { finding: fault, setCookies };
    }
    const text = await readText(response.body);
    const wrong =
      headerFault(response.headers, expected.headers) ??
      (expected.bodyIncludes === undefined || text.includes(expected.bodyIncludes)
        ? undefined
        : `its body does not contain ${JSON.stringify(expected.bodyIncludes)}`);
    const seen = seenOf(head);
    return {
      finding:
        wrong === undefined
          ? { outcome: 'ok', ...seen }
          : { outcome: 'wrong-answer', ...seen, detail: `answered, but ${wrong}` },
      setCookies,
    };
  } catch (error) {
    return { finding: failureOf(error, timeoutSeconds), setCookies: [] };
  }
}
