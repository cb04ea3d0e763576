import { invariants } from './checks/violation.ts';
import type { ShortestReplay } from './shortest-replay.ts';
import type { Result } from './simulate.ts';
import { clockTime } from './world/trace.ts';
import type { Size } from './world/scenario.ts';

const shownLines = 40;
/** What says little of how it came about. */
const beside = / ▸ | writes (leases|evidence|reports)\/| removes leases\//;

/** What failed, when, in which run, and how to see it again. */
export function failureText(failed: Result, size: Size, shortest: ShortestReplay | undefined): string {
  const { violation } = shortest?.result ?? failed;
  if (!violation) return `seed ${failed.seed}: nothing failed`;
  const command = `npm run faults -- --seed ${failed.seed} --services ${size.services} --releases ${size.releases}`;
  const { service } = violation;
  const trace = (shortest?.result ?? failed).trace;
  const about = trace.filter((line) => (line.includes(service) || /[●✗]/.test(line)) && !beside.test(line));
  return [
    `seed ${failed.seed}, ${clockTime(violation.at)} after the start, ${service}: not so: ${invariants[violation.invariant]}`,
    `  ${violation.text}`,
    shortest
      ? `  ${shortest.actions} actions and ${shortest.faults} faults are enough for it (of ${failed.actions.length} and ${failed.injected.length}; ${shortest.runs} runs): ${command} --replay ${shortest.replay}`
      : `  again: ${command}`,
    ...(shortest?.result.injected ?? []).map(({ kind, key }) => `  fault: ${kind} at ${key}`),
    `  the last of what happened to ${service}:`,
    ...about.slice(-shownLines).map((line) => `    ${line.length > 240 ? `${line.slice(0, 239)}…` : line}`),
  ].join('\n');
}
