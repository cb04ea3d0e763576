/** One value of the metadata server, made anew for each request; throws MetadataError for parameters it cannot serve. */
export type Leaf = (query: URLSearchParams) => { readonly text: string } | { readonly json: unknown };
export interface Folder {
  readonly [name: string]: Folder | Leaf;
}

export class MetadataError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'MetadataError';
    this.status = status;
  }
}

/** Values that `recursive=true` leaves out, because each reading makes new ones. */
const minted = new Set(['token', 'identity']);

const camelCase = (name: string): string =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The folder or leaf at `path`; undefined when there is none. */
export function lookUp(root: Folder, path: string): Folder | Leaf | undefined {
  let place: Folder | Leaf | undefined = root;
  for (const name of path.split('/').filter((part) => part !== '')) {
    place = typeof place === 'object' && Object.hasOwn(place, name) ? place[name] : undefined;
  }
  return place;
}

/** A name a line, folders with a slash behind. */
export const listing = (folder: Folder): string =>
  Object.entries(folder)
    .map(([name, entry]) => (typeof entry === 'function' ? `${name}\n` : `${name}/\n`))
    .join('');

/** Everything below `folder`, as `recursive=true` answers it: names in camelCase, numbers and lists as JSON. */
export function recursive(folder: Folder, query: URLSearchParams): Record<string, unknown> {
  const entries = Object.entries(folder).filter(([name]) => !minted.has(name));
  return Object.fromEntries(
    entries.map(([name, entry]) => {
      // Accounts are named by their address, which stays as it is.
      const key = name.includes('@') ? name : camelCase(name);
      if (typeof entry === 'object') return [key, recursive(entry, query)];
      const value = entry(query);
      if ('json' in value) return [key, value.json];
      if (name === 'numeric-project-id') return [key, Number(value.text)];
      return [key, name === 'aliases' || name === 'scopes' ? value.text.trim().split('\n') : value.text];
    }),
  );
}
