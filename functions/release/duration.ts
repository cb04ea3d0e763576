/** A duration as people say it, with no more precision than helps: `0.4 s`, `42 s`, `5 min 30 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationInWords(milliseconds: number): string {
  const total = Math.max(0, milliseconds) / 1000;
  if (total < 9.95) return `${Number(total.toFixed(1))} s`;
  if (total < 59.5) return `${Math.round(total)} s`;
  if (total < 10 * 60 - 0.5) return joined(Math.round(total), 60, 'min', 's');
  const minutes = Math.round(total / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return joined(minutes, 60, 'h', 'min');
  return joined(Math.round(minutes / 60), 24, 'd', 'h');
}

function joined(count: number, size: number, large: string, small: string): string {
  const rest = count % size;
  const whole = `${Math.floor(count / size)} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}

/** `2026-01-01 09:05:03 UTC`, as it stands in reports; the text itself where it is no time. */
export function timeInWords(time: string): string {
  const at = Date.parse(time);
  return Number.isNaN(at)
    ? time
    : new Date(at)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, ' UTC');
}
