import { ApiError } from '../core/api-error.ts';
import type { SeriesHead } from './resources.ts';

/** What a filter asks of a series. */
export interface SeriesFilter {
  /** The types that `metric.type = "…"` names where it must hold; one of them is what a listing is about. */
  readonly metricTypes: readonly string[];
  matches(head: Pick<SeriesHead, 'project' | 'metric' | 'resource'>): boolean;
}

type Head = Pick<SeriesHead, 'project' | 'metric' | 'resource'>;

interface Node {
  /** Metric types that must be one of these for the node to hold; undefined: it does not say. */
  readonly metricTypes: readonly string[] | undefined;
  matches(head: Head): boolean;
}

const invalid = (message: string): ApiError =>
  new ApiError('INVALID_ARGUMENT', `Field filter had an invalid value: ${message}`);
const missing = (what: string): ApiError =>
  new ApiError('UNIMPLEMENTED', `filter: ${what} is not part of the local cloud`);

type Token =
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  | { readonly kind: 'sign'; readonly text: string; readonly at: number };

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  // A string, a word (selectors and functions hold dots, labels may be quoted), or a sign.
  const pattern =
    /\s+|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([A-Za-z0-9_./-]+(?:(?<=\.)"[^"]*")?)|(!=|>=|<=|[=():,<>])/gy;
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(source);
    if (!found) throw invalid(`unexpected ${JSON.stringify(source.charAt(at))} at ${at}`);
    const [, double, single, word, sign] = found;
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replace(/\\(.)/g, '$1'), at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
  }
  return tokens;
}

/** What a selector reads; undefined when the series has no such label. Throws for selectors that are not known. */
export function readSelector(selector: string): (head: Head) => string | undefined {
  if (selector === 'metric.type') return ({ metric }) => metric.type;
  if (selector === 'resource.type') return ({ resource }) => resource.type;
  if (selector === 'project') return ({ project }) => project;
  const found = /^(metric|resource)\.labels?\.(?:"([^"]*)"|([A-Za-z0-9_]+))$/.exec(selector);
  if (!found) {
    if (/^(group|metadata)\./.test(selector)) throw missing(`the selector ${selector}`);
    throw invalid(`unknown selector ${JSON.stringify(selector)}`);
  }
  const part = found[1] === 'metric' ? 'metric' : 'resource';
  const key = found[2] ?? found[3] ?? '';
  return (head) => head[part].labels[key];
}

type Test = (value: string) => boolean;

const functions: Readonly<Record<string, (argument: readonly string[]) => Test>> = {
  starts_with:
    ([prefix = '']) =>
    (value) =>
      value.startsWith(prefix),
  ends_with:
    ([suffix = '']) =>
    (value) =>
      value.endsWith(suffix),
  has_substring:
    ([part = '']) =>
    (value) =>
      value.includes(part),
  one_of: (options) => (value) => options.includes(value),
};

/**
 * Reads a Monitoring filter: comparisons with `=` and `!=` joined by AND (or nothing), OR and NOT, in brackets.
 * Throws INVALID_ARGUMENT, UNIMPLEMENTED for what is not known here. https://cloud.google.com/monitoring/api/v3/filters
 */
export function parseFilter(source: string): SeriesFilter {
  const tokens = tokensOf(source);
  let index = 0;
  const peek = (): Token | undefined => tokens[index];
  const isWord = (text: string): boolean => peek()?.kind === 'word' && peek()?.text === text;
  const isSign = (text: string): boolean => peek()?.kind === 'sign' && peek()?.text === text;
  const end = (): ApiError =>
    invalid(peek() ? `unexpected "${peek()?.text ?? ''}" at ${peek()?.at ?? 0}` : 'it ends too early');
  const expectSign = (text: string): void => {
    if (!isSign(text)) throw end();
    index += 1;
  };
  const takeText = (): string => {
    const token = peek();
    if (token?.kind !== 'text') throw end();
    index += 1;
    return token.text;
  };

  const comparison = (): Node => {
    const selector = peek();
    if (selector?.kind !== 'word') throw end();
    const read = readSelector(selector.text);
    index += 1;
    const operator = peek();
    if (operator?.kind !== 'sign') throw end();
    if (operator.text !== '=' && operator.text !== '!=') {
      if ([':', '<', '>', '<=', '>='].includes(operator.text)) throw missing(`the operator ${operator.text}`);
      throw end();
    }
    index += 1;
    const negated = operator.text === '!=';
    let test: Test;
    let types: readonly string[] | undefined;
    const value = peek();
    if (value?.kind === 'word') {
      const make = Object.hasOwn(functions, value.text) ? functions[value.text] : undefined;
      if (!make) throw missing(`the function ${value.text}`);
      index += 1;
      expectSign('(');
      const given = [takeText()];
      while (isSign(',')) {
        index += 1;
        given.push(takeText());
      }
      expectSign(')');
      if (given.length > 1 && value.text !== 'one_of') throw invalid(`${value.text}() takes one string`);
      test = make(given);
      if (value.text === 'one_of') types = given;
    } else {
      const text = takeText();
      test = (actual) => actual === text;
      types = [text];
    }
    return {
      metricTypes: selector.text === 'metric.type' && !negated ? types : undefined,
      // A label that a series has not got is as an empty one.
      matches: (head) => test(read(head) ?? '') !== negated,
    };
  };

  const factor = (): Node => {
    if (isWord('NOT')) {
      index += 1;
      const inner = factor();
      return { metricTypes: undefined, matches: (head) => !inner.matches(head) };
    }
    if (!isSign('(')) return comparison();
    index += 1;
    const inner = expression();
    expectSign(')');
    return inner;
  };

  const expression = (): Node => {
    const parts = [factor()];
    let joined: 'AND' | 'OR' | undefined;
    while (peek() && !isSign(')')) {
      const by = isWord('OR') ? 'OR' : 'AND';
      if (isWord('OR') || isWord('AND')) index += 1;
      // Which of the two binds closer is not told by all of Google's filters in the same way.
      if (joined !== undefined && joined !== by) throw missing('AND beside OR without brackets');
      joined = by;
      parts.push(factor());
    }
    if (joined === 'OR') {
      const types = parts.map(({ metricTypes }) => metricTypes);
      return {
        metricTypes: types.every((each) => each !== undefined) ? types.flat() : undefined,
        matches: (head) => parts.some((part) => part.matches(head)),
      };
    }
    return {
      metricTypes: parts.find(({ metricTypes }) => metricTypes !== undefined)?.metricTypes,
      matches: (head) => parts.every((part) => part.matches(head)),
    };
  };

  if (tokens.length === 0) return { metricTypes: [], matches: () => true };
  const root = expression();
  if (peek()) throw end();
  return { metricTypes: [...new Set(root.metricTypes ?? [])], matches: (head) => root.matches(head) };
}
