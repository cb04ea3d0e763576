import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Pair } from 'yaml';
import { camelCase } from '../core/proto-json.ts';
import type { ConfigPath } from './config-issue.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface ConfigText {
  readonly value: unknown;
  readonly syntaxErrors: readonly (Position & { message: string })[];
  /** Where `path` stands: a mapping's entry at its key; the nearest place above when it is not in the text. */
  positionOf(path: ConfigPath): Position;
}

/** A cloudbuild.yaml (or .json, which is YAML too) with the places of everything in it. */
export function readConfigText(text: string): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const syntaxErrors = document.errors.map(({ message, pos }) => ({ ...at(pos[0]), message }));
  return {
    value: syntaxErrors.length > 0 ? undefined : (document.toJS({ maxAliasCount: 1000 }) as unknown),
    syntaxErrors,
    positionOf(path) {
      let node: unknown = document.contents;
      let offset = document.contents?.range[0] ?? 0;
      for (const part of path) {
        if (isMap(node)) {
          const names = [String(part), camelCase(String(part))];
          const pair: Pair | undefined = node.items.find(
            // The path may have the proto3 JSON name of what the text calls wait_for.
            ({ key }) =>
              isScalar(key) &&
              [String(key.value), camelCase(String(key.value))].some((name) => names.includes(name)),
          );
          if (!pair) break;
          offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
          node = pair.value;
        } else if (isSeq(node) && typeof part === 'number') {
          node = node.items[part];
          offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
        } else break;
      }
      return at(offset);
    },
  };
}
