import { ApiError } from '../core/api-error.ts';

/** The values a cron expression allows. Days of the week: 0 is Sunday. */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly daysOfWeek: ReadonlySet<number>;
  /** When both day fields are restricted, a day that fits either of them counts. `man 5 crontab` */
  readonly eitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly names?: readonly string[];
}

const fields = [
  { name: 'minute', first: 0, last: 59 },
  { name: 'hour', first: 0, last: 23 },
  { name: 'day of the month', first: 1, last: 31 },
  {
    name: 'month',
    first: 1,
    last: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', first: 0, last: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const satisfies readonly Field[];

const longestMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function refuse(expression: string, why: string): never {
  throw new ApiError('INVALID_ARGUMENT', `Schedule '${expression}' is not valid: ${why}`);
}

function valuesOf(expression: string, { name, first, last, names = [] }: Field, text: string): Set<number> {
  const number = (part: string): number => {
    const byName = names.indexOf(part.toLowerCase());
    const value = byName >= 0 ? byName + first : /^\d+$/.test(part) ? Number(part) : NaN;
    if (!(value >= first && value <= last))
      refuse(expression, `${name} '${part}' is not between ${first} and ${last}`);
    return value;
  };
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const [range = '', step, ...more] = item.split('/');
    if (more.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step)))
      refuse(expression, `${name} '${item}' has no valid step`);
    const [from = '', to, ...rest] = range.split('-');
    if (rest.length > 0) refuse(expression, `${name} '${item}' is no range`);
    const low = from === '*' ? first : number(from);
    // `5/10` runs from 5 to the end, `5` is 5 alone.
    const high =
      from === '*' || (to === undefined && step !== undefined) ? last : to === undefined ? low : number(to);
    if (from === '*' && to !== undefined) refuse(expression, `${name} '${item}' is no range`);
    if (low > high) refuse(expression, `${name} '${item}' ends before it begins`);
    for (let value = low; value <= high; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

/**
 * Reads the five fields of a unix-cron expression: numbers, names, `*`, lists, ranges and steps. INVALID_ARGUMENT says
 * which field is wrong, and refuses days that no month has.
 * https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
 */
export function parseCron(expression: string): Cron {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== fields.length) refuse(expression, 'it must have the five fields of unix-cron');
  const sets = fields.map((field, index) => valuesOf(expression, field, texts[index] ?? ''));
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = sets;
  if (!minutes || !hours || !daysOfMonth || !months || !daysOfWeek)
    return refuse(expression, 'a field is missing');
  // Both 0 and 7 are Sunday.
  if (daysOfWeek.delete(7)) daysOfWeek.add(0);
  const anyDay = texts[2]?.startsWith('*') ?? false;
  const anyWeekday = texts[4]?.startsWith('*') ?? false;
  const exists = [...months].some((month) =>
    [...daysOfMonth].some((day) => day <= (longestMonth[month - 1] ?? 0)),
  );
  if (anyWeekday && !exists) refuse(expression, 'no month has such a day');
  return { minutes, hours, daysOfMonth, months, daysOfWeek, eitherDay: !anyDay && !anyWeekday };
}
