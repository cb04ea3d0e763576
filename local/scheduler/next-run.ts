import { ApiError } from '../core/api-error.ts';
import type { Cron } from './cron.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** 29 February is never more than eight years away. */
const horizonMs = 9 * 366 * 24 * hourMs;

interface WallTime {
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** What the clock on the wall shows in `timeZone`; INVALID_ARGUMENT for a zone that the tz database has not got. */
export function wallClock(timeZone: string): (instant: number) => WallTime {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch (cause) {
    throw new ApiError('INVALID_ARGUMENT', `Time zone '${timeZone}' is not in the tz database`, { cause });
  }
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return {
      month: Number(parts.month),
      day: Number(parts.day),
      weekday: weekdays.indexOf(parts.weekday ?? ''),
      hour: Number(parts.hour),
      minute: Number(parts.minute),
    };
  };
}

function isDay(cron: Cron, { month, day, weekday }: WallTime): boolean {
  if (!cron.months.has(month)) return false;
  const byMonth = cron.daysOfMonth.has(day);
  const byWeek = cron.daysOfWeek.has(weekday);
  return cron.eitherDay ? byMonth || byWeek : byMonth && byWeek;
}

/**
 * The first full minute after `after` (milliseconds since the epoch) that the expression allows in `timeZone`.
 * It looks at real instants: an hour that the change of clocks skips has no runs, one that it repeats has them twice.
 */
export function nextRun(cron: Cron, timeZone: string, after: number): number {
  const wall = wallClock(timeZone);
  let instant = Math.floor(after / minuteMs) * minuteMs + minuteMs;
  const end = instant + horizonMs;
  while (instant < end) {
    const time = wall(instant);
    const toNextHour = (60 - time.minute) * minuteMs;
    if (!isDay(cron, time)) {
      // To 23 o'clock and from there by the hour: a day may be an hour shorter or longer than another.
      instant += time.hour < 23 ? toNextHour + (22 - time.hour) * hourMs : toNextHour;
    } else if (!cron.hours.has(time.hour)) {
      instant += toNextHour;
    } else if (!cron.minutes.has(time.minute)) {
      instant += minuteMs;
    } else {
      return instant;
    }
  }
  throw new ApiError('INVALID_ARGUMENT', 'The schedule has no run within nine years');
}
