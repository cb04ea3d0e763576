import type { Probe } from '../../../functions/release/release.ts';
import type { Dice } from './dice.ts';

/** What a commit of a service is really like. Nobody but the world knows. */
export const natures = [
  'good',
  /** Needs minutes to come up, and is well then. */
  'late',
  /** Answers 429 to some of the probes: its own rate limit, and it is well (trap 17). */
  'rate-limited',
  /** Says nothing in the metrics, and is well. */
  'silent',
  /** Never comes up. */
  'unstartable',
  /** Answers 500 from the beginning. */
  'broken',
  /** Answers 200 now and then. */
  'flapping',
  /** Well for a while, then it ends by itself, again and again. */
  'dying',
  /** Well until it has traffic. */
  'breaks-under-traffic',
  /** Its probes are fine; its users get errors. */
  'bad-answers',
  /** Its annotation cannot be read. */
  'unreadable-policy',
] as const;
export type Nature = (typeof natures)[number];

/** Those that no probe may ever find well: they must never have any traffic. */
export const hopeless: ReadonlySet<Nature> = new Set(['unstartable', 'broken', 'unreadable-policy']);
/** Those in whom nothing is wrong: no rollback may be blamed on them. */
export const harmless: ReadonlySet<Nature> = new Set(['good', 'late', 'rate-limited', 'silent']);

export interface Artifact {
  readonly nature: Nature;
  /** From the start of the revision until it is ready, or is given up. */
  readonly startMs: number;
  /** From being ready, or from its first traffic, until it shows what it is. */
  readonly fuseMs: number;
}

export function artifactOf(dice: Dice, key: string, nature: Nature): Artifact {
  const startMs = nature === 'late' ? dice.between(`start ${key}`, 30_000, 90_000) : undefined;
  return {
    nature,
    startMs: startMs ?? dice.between(`start ${key}`, 500, 8_000),
    fuseMs: dice.between(`fuse ${key}`, 5_000, 60_000),
  };
}

/** A revision at a moment, as far as its answers depend on it. */
export interface Moment {
  readonly readyForMs: number;
  /** Since it first had traffic of users; undefined when it has never had any. */
  readonly trafficForMs: number | undefined;
}

/** Whether its fault shows by now, where it has one that shows itself later. */
export function isSpoilt({ nature, fuseMs }: Artifact, { readyForMs, trafficForMs }: Moment): boolean {
  switch (nature) {
    case 'dying':
      return readyForMs > fuseMs;
    case 'breaks-under-traffic':
      return trafficForMs !== undefined && trafficForMs > fuseMs;
    case 'broken':
    case 'flapping':
    case 'bad-answers':
      return true;
    case 'good':
    case 'late':
    case 'rate-limited':
    case 'silent':
    case 'unstartable':
    case 'unreadable-policy':
      return false;
    default:
      return nature satisfies never;
  }
}

/** How it answers a probe. */
export function answerOf(
  dice: Dice,
  key: string,
  artifact: Artifact,
  moment: Moment,
): Pick<Probe, 'outcome' | 'status'> {
  switch (artifact.nature) {
    case 'broken':
      return { outcome: 'wrong-status', status: 500 };
    case 'flapping':
      return dice.chance(`flap ${key}`, 0.5)
        ? { outcome: 'wrong-status', status: 503 }
        : { outcome: 'ok', status: 200 };
    case 'rate-limited':
      return dice.chance(`limit ${key}`, 0.2)
        ? { outcome: 'rate-limited', status: 429 }
        : { outcome: 'ok', status: 200 };
    case 'dying':
      return isSpoilt(artifact, moment) ? { outcome: 'refused' } : { outcome: 'ok', status: 200 };
    case 'breaks-under-traffic':
      return isSpoilt(artifact, moment)
        ? { outcome: 'wrong-status', status: 500 }
        : { outcome: 'ok', status: 200 };
    case 'unstartable':
      return { outcome: 'refused' };
    case 'good':
    case 'late':
    case 'silent':
    case 'bad-answers':
    case 'unreadable-policy':
      return { outcome: 'ok', status: 200 };
    default:
      return artifact.nature satisfies never;
  }
}

/** The share of its users' requests that go wrong. */
export function errorShare(artifact: Artifact, moment: Moment): number {
  const { nature } = artifact;
  if (nature === 'bad-answers') return 0.3;
  if (nature === 'flapping') return 0.5;
  return isSpoilt(artifact, moment) ? 0.9 : 0.002;
}
