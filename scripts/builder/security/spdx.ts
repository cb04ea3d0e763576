/** A licence expression of SPDX. https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/ */
export type LicenceExpression =
  | { readonly kind: 'licence'; readonly id: string }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly LicenceExpression[] };

/** Undefined for what is no expression: `SEE LICENSE IN LICENSE.md`, `UNLICENSED` with more behind it. */
export function parseLicence(text: string): LicenceExpression | undefined {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const operator = (word: string): boolean => {
    if (tokens[at]?.toUpperCase() !== word) return false;
    at += 1;
    return true;
  };
  const series = (
    kind: 'and' | 'or',
    part: () => LicenceExpression | undefined,
  ): LicenceExpression | undefined => {
    const parts: LicenceExpression[] = [];
    do {
      const next = part();
      if (!next) return undefined;
      parts.push(next);
    } while (operator(kind.toUpperCase()));
    const [only] = parts;
    return parts.length === 1 ? only : { kind, parts };
  };
  const single = (): LicenceExpression | undefined => {
    if (operator('(')) {
      const inner = either();
      return inner && operator(')') ? inner : undefined;
    }
    const id = tokens[at];
    if (id === undefined || !/^[A-Za-z0-9][A-Za-z0-9.:-]*\+?$/.test(id) || /^(?:AND|OR|WITH)$/i.test(id))
      return undefined;
    at += 1;
    if (!operator('WITH')) return { kind: 'licence', id };
    const exception = tokens[at];
    if (exception === undefined || !/^[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(exception)) return undefined;
    at += 1;
    return { kind: 'licence', id: `${id} WITH ${exception}` };
  };
  // AND binds closer than OR.
  const either = (): LicenceExpression | undefined => series('or', () => series('and', single));
  const expression = either();
  return at === tokens.length ? expression : undefined;
}

/** Whether one of the allowed licences can be chosen. Identifiers are the same in upper and lower case. */
export function isAllowed(expression: LicenceExpression, allow: readonly string[]): boolean {
  switch (expression.kind) {
    case 'licence':
      return allow.some((id) => id.toLowerCase() === expression.id.toLowerCase());
    case 'and':
      return expression.parts.every((part) => isAllowed(part, allow));
    case 'or':
      return expression.parts.some((part) => isAllowed(part, allow));
    default:
      return expression satisfies never;
  }
}

/** What package.json says: the text of `license`, or of the old forms `{ type }` and `licenses: [{ type }]` (any of them). */
export function licenceText(manifest: {
  readonly license?: unknown;
  readonly licenses?: unknown;
}): string | undefined {
  const one = (value: unknown): string | undefined => {
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
    return typeof type === 'string' ? type.trim() : undefined;
  };
  const single = one(manifest.license);
  if (single !== undefined) return single;
  const several = Array.isArray(manifest.licenses ?? manifest.license)
    ? ((manifest.licenses ?? manifest.license) as unknown[]).flatMap((each) => one(each) ?? [])
    : [];
  return several.length === 0 ? undefined : several.map((each) => `(${each})`).join(' OR ');
}
