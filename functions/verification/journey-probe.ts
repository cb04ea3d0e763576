import type { Journey } from '../release/policy.ts';
import type { Probe } from '../release/release.ts';
import { createCookieJar } from './cookie-jar.ts';
import { ask, type Finding, type ProbeTarget } from './probe-answer.ts';

/** A journey as a whole may take so long, whatever its steps may. */
const journeySeconds = 60;

type Step = Journey['steps'][number];

/** Whoever was let in once may ask: a 401 or 403 after that is the revision's own doing. */
const afterAdmission = (finding: Finding): Finding =>
  finding.outcome === 'not-permitted' ? { ...finding, outcome: 'wrong-status' } : finding;

const nameOf = ({ method, path }: Step, index: number): string => `step ${index + 1} ${method} ${path}`;

function withCookies(headers: Step['headers'], cookies: string | undefined): Record<string, string> {
  if (cookies === undefined) return headers;
  const own = Object.entries(headers).find(([name]) => name.toLowerCase() === 'cookie');
  if (own === undefined) return { ...headers, cookie: cookies };
  return { ...headers, [own[0]]: `${own[1]}; ${cookies}` };
}

/**
 * Goes through the steps in a row, with the cookies that it is given on the way, and ends at the first that is not answered
 * as it has to be. Never throws.
 */
export async function probeJourney(
  target: ProbeTarget,
  journey: Journey,
  /** For each step. */
  timeoutSeconds: number,
  now: () => Date,
  stopped?: AbortSignal,
): Promise<Omit<Probe, 'check'>> {
  const started = now();
  const jar = createCookieJar();
  let finding: Finding = { outcome: 'ok' };
  for (const [index, step] of journey.steps.entries()) {
    const leftSeconds = journeySeconds - (now().getTime() - started.getTime()) / 1000;
    if (leftSeconds <= 0) {
      finding = {
        outcome: 'timeout',
        detail: `${nameOf(step, index)}: not reached within ${journeySeconds} s`,
      };
      break;
    }
    const question = {
      ...step,
      headers: withCookies(step.headers, jar.header(step.path, now())),
      timeoutSeconds: Math.min(timeoutSeconds, Math.ceil(leftSeconds)),
    };
    const answer = await ask(target, question, step.expect, stopped);
    finding = index === 0 ? answer.finding : afterAdmission(answer.finding);
    if (finding.outcome !== 'ok') {
      finding = { ...finding, detail: `${nameOf(step, index)}: ${finding.detail ?? finding.outcome}` };
      break;
    }
    jar.store(answer.setCookies, step.path, now());
  }
  return { at: started.toISOString(), latencyMs: now().getTime() - started.getTime(), ...finding };
}
