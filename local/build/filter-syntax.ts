import { ApiError } from '../core/api-error.ts';

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | ':';

export type FilterNode =
  | { readonly kind: 'and' | 'or'; readonly nodes: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly node: FilterNode }
  | {
      readonly kind: 'compare';
      readonly field: string;
      readonly operator: Operator;
      readonly values: readonly string[];
    };

interface Token {
  readonly kind: 'word' | 'text' | 'symbol' | 'end';
  readonly text: string;
  readonly at: number;
}

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', `Invalid filter: ${message}`);

function tokens(filter: string): Token[] {
  const pattern =
    /\s*(?:("(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*')|(!=|<=|>=|[=<>:()-])|([^\s"'=<>!:()][^\s"'=<>!:()]*))/y;
  const found: Token[] = [];
  while (pattern.lastIndex < filter.trimEnd().length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(filter);
    if (!match) throw invalid(`unexpected "${filter.slice(from).trim().slice(0, 20)}" at position ${from}`);
    const [, quoted, symbol, word] = match;
    const at = pattern.lastIndex - (quoted ?? symbol ?? word ?? '').length;
    if (quoted !== undefined)
      found.push({ kind: 'text', text: quoted.slice(1, -1).replace(/\\([^])/g, '$1'), at });
    else if (symbol !== undefined) found.push({ kind: 'symbol', text: symbol, at });
    else found.push({ kind: 'word', text: word ?? '', at });
  }
  return [...found, { kind: 'end', text: 'the end', at: filter.length }];
}

const operators = new Set<string>(['=', '!=', '<', '<=', '>', '>=', ':']);

/**
 * Parses a list filter by https://google.aip.dev/160: `AND` (or nothing) between terms, `OR`, `NOT` and `-`, brackets.
 * As there, OR binds tighter than AND. Throws INVALID_ARGUMENT with the place.
 */
export function parseFilter(filter: string): FilterNode {
  const all = tokens(filter);
  let position = 0;
  const peek = (): Token => all[position] ?? { kind: 'end', text: 'the end', at: filter.length };
  const next = (): Token => {
    const token = peek();
    position += 1;
    return token;
  };
  const isWord = (word: string): boolean => peek().kind === 'word' && peek().text === word;
  const take = (symbol: string): boolean => {
    if (peek().kind !== 'symbol' || peek().text !== symbol) return false;
    position += 1;
    return true;
  };
  const unexpected = ({ text, at }: Token, wanted: string): ApiError =>
    invalid(`${wanted} expected at position ${at}, not "${text}"`);

  const values = (): string[] => {
    if (!take('(')) {
      const sign = take('-') ? '-' : '';
      const token = next();
      if (token.kind !== 'word' && token.kind !== 'text') throw unexpected(token, 'a value');
      let text = sign + token.text;
      // A timestamp without quotes has colons and a minus in it.
      const continues = (): boolean =>
        [':', '-'].includes(peek().text) &&
        peek().at === endOf(all[position - 1]) &&
        all[position + 1]?.kind === 'word';
      while (token.kind === 'word' && continues()) text += next().text + next().text;
      return [text];
    }
    const list = values();
    while (isWord('OR')) {
      next();
      list.push(...values());
    }
    if (!take(')')) throw unexpected(peek(), '")"');
    return list;
  };
  const term = (): FilterNode => {
    if (isWord('NOT')) {
      next();
      return { kind: 'not', node: term() };
    }
    if (take('-')) return { kind: 'not', node: term() };
    if (take('(')) {
      const inner = expression();
      if (!take(')')) throw unexpected(peek(), '")"');
      return inner;
    }
    const field = next();
    if (field.kind !== 'word') throw unexpected(field, 'a field');
    const operator = next();
    if (operator.kind !== 'symbol' || !operators.has(operator.text))
      throw unexpected(operator, `a comparison after "${field.text}"`);
    return { kind: 'compare', field: field.text, operator: operator.text as Operator, values: values() };
  };
  const factor = (): FilterNode => {
    const nodes = [term()];
    while (isWord('OR')) {
      next();
      nodes.push(term());
    }
    return nodes.length === 1 && nodes[0] ? nodes[0] : { kind: 'or', nodes };
  };
  const expression = (): FilterNode => {
    const nodes = [factor()];
    while (peek().kind !== 'end' && !(peek().kind === 'symbol' && peek().text === ')')) {
      if (isWord('AND')) next();
      nodes.push(factor());
    }
    return nodes.length === 1 && nodes[0] ? nodes[0] : { kind: 'and', nodes };
  };
  const parsed = expression();
  if (peek().kind !== 'end') throw unexpected(peek(), 'the end');
  return parsed;
}

const endOf = (token: Token | undefined): number => (token ? token.at + token.text.length : -1);
