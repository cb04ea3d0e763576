import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, ErrorCode, LineCounter, Node } from 'yaml';
import type { Finding, Placed, Scalar } from './placed.ts';

export type ParsedYaml =
  | { readonly ok: true; readonly tree: Placed }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** YAML 1.2 as values that know their places. Anything the text gets wrong as YAML is a finding. */
export function parseYaml(text: string, lineCounter: LineCounter): ParsedYaml {
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true });
  const findings: Finding[] = [];
  const lines = new Set<number>();
  for (const { pos, code, message } of [...document.errors, ...document.warnings]) {
    // What follows on the same line mostly follows from the first mistake.
    const { line } = lineCounter.linePos(pos[0]);
    if (lines.has(line)) continue;
    lines.add(line);
    findings.push({ at: pos[0], path: [], rule: explainYaml(code, message, lineAround(text, pos[0])) });
  }
  if (findings.length > 0) return { ok: false, findings };
  const tree = place(document, document.contents, { path: [], keyAt: undefined, aliased: false }, findings);
  return findings.length > 0 ? { ok: false, findings } : { ok: true, tree };
}

interface Position {
  readonly path: readonly string[];
  readonly keyAt: number | undefined;
  /** Inside a value that an alias stands for. */
  readonly aliased: boolean;
}

function place(document: Document, node: unknown, position: Position, findings: Finding[]): Placed {
  const { path, aliased } = position;
  if (isAlias(node)) {
    const at = node.range?.[0] ?? 0;
    const source = node.resolve(document);
    // One level only: nested aliases could go round in circles or grow without bounds.
    if (source !== undefined && !aliased) {
      return place(document, source, { ...position, aliased: true }, findings);
    }
    findings.push({
      at,
      path,
      rule: aliased
        ? `the alias *${node.source} stands inside a value that is itself used through an alias; write it out`
        : `there is no anchor &${node.source} before the alias *${node.source}`,
    });
    return { kind: 'scalar', value: null, path, at, keyAt: at };
  }
  const at = startOf(node);
  const spot = { path, at, keyAt: position.keyAt ?? at };
  if (isMap(node)) {
    const entries = new Map<string, Placed>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const keyAt = startOf(key);
      if (name === '__proto__')
        findings.push({ at: keyAt, path, rule: '"__proto__" cannot be used as a name' });
      entries.set(name, place(document, value, { path: [...path, name], keyAt, aliased }, findings));
    }
    return { ...spot, kind: 'map', entries };
  }
  if (isSeq(node)) {
    const items = node.items.map((item, index) =>
      place(document, item, { path: [...path, String(index)], keyAt: undefined, aliased }, findings),
    );
    return { ...spot, kind: 'list', items };
  }
  return { ...spot, kind: 'scalar', value: scalarOf(node) };
}

function scalarOf(node: unknown): Scalar {
  const value = isScalar(node) ? node.value : null;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

function lineAround(text: string, offset: number): string {
  const end = text.indexOf('\n', offset);
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, end < 0 ? undefined : end);
}

const explanations: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'this key stands twice in the same map; keep one of them',
  TAB_AS_INDENT: 'tabs cannot indent YAML; use spaces',
  MULTIPLE_DOCS: 'a second YAML document begins here; the file holds exactly one',
  NON_STRING_KEY: 'a key must be text',
};

function explainYaml(code: ErrorCode, message: string, line: string): string {
  const explanation = explanations[code] ?? `this is not valid YAML (${message})`;
  // In flow style the braces of a reference are read as YAML.
  return /[{[,].*\$\{/.test(line)
    ? `${explanation}; inside { } and [ ] a value with \${...} must be in quotes`
    : explanation;
}
