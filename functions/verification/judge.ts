import type { HealthPolicy } from '../release/policy.ts';
import type { Probe, Verdict } from '../release/release.ts';
import { isFailure, isGood, isTelling, lastInARow, runsOf, summarise } from './check-runs.ts';
import { isStarting, sideChecks, startupCheck } from './probe-schedule.ts';

/** What the probes say of a candidate. */
export interface ProbeVerdict {
  readonly verdict: Verdict['verdict'];
  /** In words, with figures. */
  readonly reason: string;
}

/** What the probes so far say of a candidate without traffic: not enough yet, or for good. */
export type Judgement =
  { readonly done: false; readonly reason: string } | ({ readonly done: true } & ProbeVerdict);

/** How one check stands. */
interface Standing {
  readonly state: 'good' | 'bad' | 'unknown';
  readonly text: string;
}

/** A stream or journey that fails once may have lost its connection; this often in a row it has not. */
const sideCheckFailures = 2;

const secondsBetween = (first: Probe, last: Probe): number =>
  (Date.parse(last.at) - Date.parse(first.at)) / 1000;

function successes(health: readonly Probe[]): { count: number; seconds: number } {
  const row = lastInARow(health, isGood);
  const [first, last] = [row.at(0), row.at(-1)];
  return { count: row.length, seconds: first && last ? secondsBetween(first, last) : 0 };
}

function healthStanding(policy: HealthPolicy, health: readonly Probe[]): Standing {
  const { path, status, consecutiveSuccesses, watchSeconds } = policy;
  const { count, seconds } = successes(health);
  const over = `over ${seconds.toFixed(1)} s`;
  if (count >= consecutiveSuccesses && seconds >= watchSeconds)
    return { state: 'good', text: `${count} of ${count} probes of ${path} answered ${status} ${over}` };
  const wanting = health.filter((probe) => !isGood(probe));
  const sinceFirstGood = health.slice(Math.max(0, health.findIndex(isGood)));
  const text = `health check ${path} ${summarise(wanting)}`;
  // Failures before the first good answer are the start; if only they are in the way, time has run out too soon.
  if (sinceFirstGood.some(isFailure)) return { state: 'bad', text };
  if (health.length === 0) return { state: 'unknown', text: `${path} could not be probed` };
  if (count === 0) return { state: 'unknown', text };
  const asked = `${consecutiveSuccesses} over ${watchSeconds} s are asked for`;
  const others = wanting.length === 0 ? '' : `, and ${summarise(wanting)}`;
  return {
    state: 'unknown',
    text: `health check ${path} had ${count} good answers in a row ${over} where ${asked}${others}`,
  };
}

function sideStanding(name: string, probes: readonly Probe[]): Standing {
  const runs = runsOf(probes, name);
  const last = runs.findLast(isTelling);
  if (runs.length === 0) return { state: 'unknown', text: `${name} could not be tried to its end` };
  if (last && isGood(last)) return { state: 'good', text: name };
  return {
    state: last ? 'bad' : 'unknown',
    text: `${name} ${summarise(runs.filter((run) => !isGood(run)))}`,
  };
}

/** The startup path's failures count only when it has not answered in time. */
function startupStanding(name: string, probes: readonly Probe[]): Standing {
  const runs = runsOf(probes, name);
  if (runs.length === 0) return { state: 'unknown', text: `${name} could not be probed` };
  return { state: runs.some(isFailure) ? 'bad' : 'unknown', text: `${name} ${summarise(runs)}` };
}

function conclude(standings: readonly Standing[], limitSeconds: number, anythingKnown: boolean): Judgement {
  const bad = standings.filter(({ state }) => state === 'bad');
  const verdict = bad.length > 0 ? 'unhealthy' : 'inconclusive';
  const named = bad.length > 0 ? bad : standings.filter(({ state }) => state === 'unknown');
  const words = `${named.map(({ text }) => text).join('; ')} within ${limitSeconds} s`;
  const known = anythingKnown ? 'too little' : 'nothing';
  const reason = bad.length > 0 ? words : `${words}: ${known} is known of its health`;
  return { done: true, verdict, reason };
}

/**
 * Before any traffic. Healthy once the startup path has answered, consecutive successes of the health path span the watch,
 * and every stream and journey was good when it last told something. What has not come about in time is unhealthy if it
 * failed, and inconclusive if nothing was told. `elapsedSeconds` counts from the first probe.
 */
export function judge(policy: HealthPolicy, probes: readonly Probe[], elapsedSeconds: number): Judgement {
  const { startupPath, deadlineSeconds, watchSeconds } = policy;
  if (startupPath !== undefined && isStarting(policy, probes)) {
    const standing = startupStanding(startupCheck(startupPath), probes);
    return elapsedSeconds < deadlineSeconds
      ? { done: false, reason: `${startupPath} has not answered yet` }
      : conclude([standing], deadlineSeconds, probes.some(isTelling));
  }
  const health = runsOf(probes, undefined);
  const sides = sideChecks(policy).map(({ name }) => sideStanding(name, probes));
  const standings = [healthStanding(policy, health), ...sides];
  const waiting = standings.filter(({ state }) => state !== 'good');
  if (waiting.length === 0) {
    const words = standings.map(({ text }) => text);
    const also = sides.length === 0 ? '' : `; good as well: ${words.slice(1).join(', ')}`;
    return { done: true, verdict: 'healthy', reason: `${words[0] ?? ''}${also}` };
  }
  const limitSeconds = health.some(isGood) ? deadlineSeconds + watchSeconds : deadlineSeconds;
  if (elapsedSeconds >= limitSeconds) return conclude(standings, limitSeconds, probes.some(isTelling));
  const { count, seconds } = successes(health);
  return { done: false, reason: `${count} successes in a row over ${seconds.toFixed(1)} s` };
}

function inARow(name: string, row: readonly Probe[]): string {
  return `${name} failed ${row.length} times in a row: ${summarise(row)}`;
}

/**
 * With traffic. Unhealthy when a check's last telling runs have failed often enough in a row; healthy when the health path's
 * last answers were good and no stream or journey failed last. What tells nothing breaks no row, but a row is no evidence any
 * more once the last answers of the health path all tell nothing.
 */
export function judgeProbes(policy: HealthPolicy, probes: readonly Probe[]): ProbeVerdict {
  const { path, status, consecutiveSuccesses, consecutiveFailures } = policy;
  const health = runsOf(probes, undefined);
  const failures = lastInARow(health, isFailure);
  const sides = sideChecks(policy).map(({ name }) => ({
    name,
    runs: lastInARow(runsOf(probes, name), isFailure),
  }));
  const reasons = [
    ...(failures.length >= consecutiveFailures ? [inARow(`health check ${path}`, failures)] : []),
    ...sides
      .filter(({ runs }) => runs.length >= sideCheckFailures)
      .map(({ name, runs }) => inARow(name, runs)),
  ];
  if (reasons.length > 0) return { verdict: 'unhealthy', reason: reasons.join('; ') };
  const recent = health.slice(-consecutiveSuccesses);
  if (recent.length === 0) return { verdict: 'inconclusive', reason: `${path} was not probed` };
  if (!recent.some(isTelling))
    return {
      verdict: 'inconclusive',
      reason: `health check ${path} ${summarise(recent)}: nothing is known of its health`,
    };
  const count = lastInARow(health, isGood).length;
  const failedLast = sides.filter(({ runs }) => runs.length > 0);
  if (count < consecutiveSuccesses || failedLast.length > 0) {
    const row =
      count < consecutiveSuccesses
        ? [`${count} of ${consecutiveSuccesses} successes of ${path} in a row`]
        : [];
    const failed = failedLast.map(({ name, runs }) => `${name} ${summarise(runs)}`);
    return { verdict: 'inconclusive', reason: [...row, ...failed].join('; ') };
  }
  return { verdict: 'healthy', reason: `the last ${count} probes of ${path} answered ${status}` };
}
