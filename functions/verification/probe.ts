import type { HealthPolicy } from '../release/policy.ts';
import type { Probe } from '../release/release.ts';
import { ask, type Finding, type ProbeTarget } from './probe-answer.ts';
import { startupCheck } from './probe-schedule.ts';

async function timed(
  now: () => Date,
  look: () => Promise<Finding>,
): Promise<Finding & Pick<Probe, 'at' | 'latencyMs'>> {
  const started = now();
  const finding = await look();
  return { at: started.toISOString(), latencyMs: now().getTime() - started.getTime(), ...finding };
}

async function askPath(target: ProbeTarget, health: HealthPolicy, path: string): Promise<Finding> {
  const { timeoutSeconds } = health;
  return (await ask(target, { method: 'GET', path, headers: {}, timeoutSeconds }, health)).finding;
}

/** Asks the health path once. Never throws: that it does not answer is what we want to know. */
export async function probeOnce(target: ProbeTarget, health: HealthPolicy, now: () => Date): Promise<Probe> {
  const probe = await timed(now, () => askPath(target, health, health.path));
  const { latencyMs } = health;
  return probe.outcome === 'ok' && latencyMs !== undefined && probe.latencyMs > latencyMs
    ? { ...probe, outcome: 'slow', detail: `took longer than ${latencyMs} ms` }
    : probe;
}

/** Asks the startup path once, and expects what the health path has to answer; it may take its time. Never throws. */
export async function probeStartup(
  target: ProbeTarget,
  health: HealthPolicy & { readonly startupPath: string },
  now: () => Date,
): Promise<Probe> {
  const probe = await timed(now, () => askPath(target, health, health.startupPath));
  return { ...probe, check: startupCheck(health.startupPath) };
}
