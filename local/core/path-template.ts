/** A compiled path of `google.api.http`: what it matches, and the fields it binds. */
export interface PathTemplate {
  readonly source: string;
  /** The bound fields, decoded (`service.name` → `projects/p/…`), or undefined when `path` does not match. */
  match(path: string): Record<string, string> | undefined;
  /** Templates with fewer wildcards win over those with more. */
  readonly wildcards: number;
}

const escapeRegex = (text: string): string => text.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&');

/** `*` is one segment, `**` the rest; in a template a segment never holds a colon-verb. */
function patternOf(glob: string): string {
  return glob
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.+' : part === '*' ? '[^/:]+' : escapeRegex(part)))
    .join('');
}

/**
 * Compiles a path such as `/v2/{service.name=projects/* /locations/* /services/*}:run` (without the blanks).
 * Grammar: https://github.com/googleapis/googleapis/blob/master/google/api/http.proto
 */
export function compilePathTemplate(source: string): PathTemplate {
  const names: string[] = [];
  const pattern = source
    .split(/(\{[^}]*\})/)
    .map((part) => {
      if (!part.startsWith('{')) return patternOf(part);
      const [name = '', glob = '*'] = part.slice(1, -1).split('=');
      names.push(name);
      return `(${patternOf(glob)})`;
    })
    .join('');
  const regex = new RegExp(`^${pattern}$`);
  return {
    source,
    wildcards:
      (source.match(/\*\*/g)?.length ?? 0) * 100 +
      (source.replaceAll('**', '').match(/\*|\{[^=}]*\}/g)?.length ?? 0),
    match(path) {
      const found = regex.exec(path);
      if (!found) return undefined;
      return Object.fromEntries(
        names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')]),
      );
    },
  };
}
