const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** How long ago, while that is easier to grasp than the time of day. */
export function ageText(createdAt: Date, now: Date, locale?: string): string {
  const ageMs = now.getTime() - createdAt.getTime();
  if (ageMs < minuteMs) return 'just now';
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'short' });
  if (ageMs < hourMs) return relative.format(-Math.floor(ageMs / minuteMs), 'minute');
  return createdAt.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
}

/** The heading over the messages of a day. */
export function dayText(createdAt: Date, now: Date, locale?: string): string {
  const day = startOfDay(createdAt);
  if (day >= startOfDay(now)) return 'Today';
  // Not 24 hours back: a day may have 23 or 25.
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1).getTime();
  if (day >= yesterday) return 'Yesterday';
  const year = createdAt.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' as const };
  return createdAt.toLocaleDateString(locale, { weekday: 'long', day: 'numeric', month: 'long', ...year });
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
