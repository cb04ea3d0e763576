import { ApiError } from '../core/api-error.ts';
import { queryTokens, type Operator, type Token } from './query-tokens.ts';

type Term = Extract<Token, { kind: 'term' }>;

export type Query =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  | {
      readonly kind: 'compare';
      readonly path: readonly string[];
      readonly operator: Operator;
      readonly value: string;
      readonly quoted: boolean;
    }
  /** A bare word or string: it stands anywhere in the entry. */
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'log-id'; readonly id: string };

const invalid = (message: string): ApiError =>
  new ApiError('INVALID_ARGUMENT', `Unparseable filter: ${message}`);

const isKeyword = (token: Token | undefined, keyword: string): boolean =>
  token?.kind === 'term' && !token.quoted && token.text === keyword;

/**
 * Parses the Logging query language. NOT binds tightest, then OR, then AND, and terms side by side are ANDed: it is
 * `a OR b AND c` = `(a OR b) AND c`. https://cloud.google.com/logging/docs/view/logging-query-language
 * An empty query is an AND of nothing, which every entry passes. Throws INVALID_ARGUMENT that names what is not
 * supported: every function but log_id().
 */
export function parseQuery(source: string): Query {
  const tokens = queryTokens(source);
  let position = 0;
  const peek = (): Token | undefined => tokens[position];
  const next = (): Token | undefined => tokens[position++];
  const expectClose = (opened: Token): void => {
    if (next()?.kind !== 'close') throw invalid(`the bracket at ${opened.at} is not closed`);
  };
  const place = (token: Token | undefined): string => (token ? `at ${token.at}` : 'at the end');

  const conjunction = (leaf: () => Query): Query => {
    const parts: Query[] = [];
    for (let token = peek(); token && token.kind !== 'close'; token = peek()) {
      if (isKeyword(token, 'AND')) {
        if (parts.length === 0) throw invalid(`AND ${place(token)} has nothing before it`);
        next();
      }
      parts.push(disjunction(leaf));
    }
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: 'and', parts };
  };

  const disjunction = (leaf: () => Query): Query => {
    const parts = [negation(leaf)];
    while (isKeyword(peek(), 'OR')) {
      next();
      parts.push(negation(leaf));
    }
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: 'or', parts };
  };

  const negation = (leaf: () => Query): Query => {
    const token = peek();
    if (token?.kind === 'minus' || isKeyword(token, 'NOT')) {
      next();
      return { kind: 'not', part: negation(leaf) };
    }
    if (token?.kind === 'open') {
      next();
      const inner = conjunction(leaf);
      expectClose(token);
      return inner;
    }
    return leaf();
  };

  const termHere = (what: string): Term => {
    const token = next();
    if (token?.kind !== 'term' || isKeyword(token, 'AND') || isKeyword(token, 'OR'))
      throw invalid(`${what} expected ${place(token)}`);
    return token;
  };

  const call = (name: Term): Query => {
    const opened = next();
    if (name.quoted || name.text !== 'log_id' || !opened) {
      throw invalid(`the local cloud has no function "${name.text}()"; only log_id() is supported`);
    }
    const argument = termHere('a log id');
    expectClose(opened);
    return { kind: 'log-id', id: argument.text };
  };

  const comparison = (): Query => {
    const left = termHere('a field or a text');
    const token = peek();
    if (token?.kind === 'open' && token.at === left.at + left.text.length) return call(left);
    if (token?.kind !== 'operator') return { kind: 'text', value: left.text };
    next();
    const value = (): Query => {
      const right = termHere(`a value for ${left.text}`);
      return {
        kind: 'compare',
        path: left.path,
        operator: token.operator,
        value: right.text,
        quoted: right.quoted,
      };
    };
    // `field=("a" OR "b")`: the brackets hold values of the one field.
    return peek()?.kind === 'open' ? negation(value) : value();
  };

  const query = conjunction(comparison);
  const rest = peek();
  if (rest) throw invalid(`unexpected closing bracket ${place(rest)}`);
  return query;
}
