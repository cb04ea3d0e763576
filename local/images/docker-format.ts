import { UsageError } from './docker-arguments.ts';

function field(value: unknown, dotted: string): unknown {
  let place = value;
  for (const part of dotted.split('.').filter((name) => name !== '')) {
    place =
      typeof place === 'object' && place !== null ? (place as Record<string, unknown>)[part] : undefined;
  }
  if (place === undefined) throw new UsageError(`--format: there is no ${dotted}`);
  return place;
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** `{{.A.B}}`, `{{json .A}}`, `{{index .A n|"key"}}` in a text: the part of Go's templates that builds use. */
export function dockerFormat(template: string, value: unknown): string {
  return template.replace(/\{\{(.*?)\}\}/g, (whole, inner: string) => {
    const text = inner.trim();
    const [, path] = /^((?:\.\w+)+|\.)$/.exec(text) ?? [];
    if (path !== undefined) return shown(field(value, path));
    const [, json] = /^json\s+((?:\.\w+)+|\.)$/.exec(text) ?? [];
    if (json !== undefined) return JSON.stringify(field(value, json));
    const [, list, key] = /^index\s+((?:\.\w+)+)\s+(\d+|"[^"]*")$/.exec(text) ?? [];
    if (list === undefined || key === undefined) throw new UsageError(`--format: ${whole} is not supported`);
    const found = (field(value, list) as Record<string, unknown>)[key.replaceAll('"', '')];
    if (found === undefined) throw new UsageError(`--format: ${list} has no element ${key}`);
    return shown(found);
  });
}
