/** `path/of/a/resource/name` → `name`. */
export const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** A length of time as people say it: `4.2 s`, `3 min 5 s`, `2 h 4 min`. */
export function spokenDuration(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** How long ago: `just now`, `40 s ago`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function spokenAge(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return `${days} day${days === 1 ? '' : 's'} ago`;
}

/** The address if a link may lead there: http and https only, never `javascript:` and the like. */
export function safeHref(address: string | undefined, base: string): string | undefined {
  if (address === undefined || address === '' || !URL.canParse(address, base)) return undefined;
  const { protocol, href } = new URL(address, base);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}

/** A text as a quoted value of the Logging query language. */
export const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/** The page with the entries that pass a Logging query. */
export const logsPath = (query: string): string => `/console/logs?query=${encodeURIComponent(query)}`;
