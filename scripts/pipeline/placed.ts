export type Scalar = string | number | boolean | null;

/** A YAML value that knows where it is written. */
export type Placed = {
  /** Keys from the root of the file to where the value is written. */
  readonly path: readonly string[];
  /** Offset of the value in the text, and of its key (of the value itself where there is no key). */
  readonly at: number;
  readonly keyAt: number;
} & (
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Placed> }
  | { readonly kind: 'list'; readonly items: readonly Placed[] }
  | { readonly kind: 'scalar'; readonly value: Scalar }
);

/** Something that is wrong, at an offset of the text. */
export interface Finding {
  readonly at: number;
  readonly path: readonly string[];
  readonly rule: string;
}

export const entriesOf = (placed: Placed | undefined): [string, Placed][] =>
  placed?.kind === 'map' ? [...placed.entries] : [];

export const itemsOf = (placed: Placed | undefined): readonly Placed[] =>
  placed?.kind === 'list' ? placed.items : [];

/** What stands under a path of keys and list indices. */
export function find(placed: Placed | undefined, path: readonly PropertyKey[]): Placed | undefined {
  return path.reduce<Placed | undefined>((node, key) => {
    if (node?.kind === 'map') return node.entries.get(String(key));
    return node?.kind === 'list' ? node.items[Number(key)] : undefined;
  }, placed);
}

/** The plain value. */
export function toValue(placed: Placed): unknown {
  switch (placed.kind) {
    case 'map':
      return Object.fromEntries([...placed.entries].map(([key, value]) => [key, toValue(value)]));
    case 'list':
      return placed.items.map(toValue);
    case 'scalar':
      return placed.value;
  }
}

/** `over` on top of `base`: maps merge key by key, everything else is replaced. Every value keeps its place. */
export function merge(base: Placed, over: Placed | undefined): Placed {
  if (over === undefined) return base;
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [key, value] of over.entries) {
    const below = entries.get(key);
    entries.set(key, below === undefined ? value : merge(below, value));
  }
  return { ...over, entries };
}

/** How a value is called in a sentence. */
export const nameOf = (path: readonly string[]): string => (path.length === 0 ? 'the file' : path.join('.'));

/** What is wrong with a value: a sentence that begins with its name. */
export const findingAt = ({ at, path }: Placed, predicate: string): Finding => ({
  at,
  path,
  rule: `${nameOf(path)} ${predicate}`,
});
