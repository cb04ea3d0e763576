import { ApiError } from '../core/api-error.ts';

export type MessageFilter = (attributes: Readonly<Record<string, string>>) => boolean;

interface Token {
  readonly kind: 'string' | 'word' | 'symbol' | 'end';
  readonly text: string;
  readonly at: number;
}

const tokenPattern = /\s*(?:"((?:[^"\\]|\\.)*)"|(\w[\w-]*)|(!=|[=:.,()-]))/y;
const keywords = new Set(['AND', 'OR', 'NOT']);

function refuse(text: string, at: number, why: string): never {
  throw new ApiError('INVALID_ARGUMENT', `Invalid filter '${text}' at position ${at}: ${why}`);
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const end = text.trimEnd().length;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < end) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (!match) return refuse(text, at, 'a name, a "string" or an operator was expected');
    const [, quoted, word, symbol] = match;
    if (quoted !== undefined) {
      const escape = /\\[^"\\]/.exec(quoted.replaceAll('\\\\', ''));
      if (escape) refuse(text, at, `the escape ${escape[0]} is not part of the local cloud`);
      found.push({ kind: 'string', text: quoted.replace(/\\(.)/g, '$1'), at });
    } else if (word !== undefined) found.push({ kind: 'word', text: word, at });
    else found.push({ kind: 'symbol', text: symbol ?? '', at });
  }
  found.push({ kind: 'end', text: '', at: end });
  return found;
}

/**
 * A subscription's filter: `attributes:name`, `attributes.name = "x"`, `!=`, `hasPrefix(attributes.name, "x")`, joined
 * with AND, OR, NOT (or `-`) and parentheses. An empty filter lets everything pass. INVALID_ARGUMENT for anything else.
 * `!=` and NOT also pass a message without the attribute; AND and OR may not be mixed without parentheses.
 * https://cloud.google.com/pubsub/docs/subscription-message-filter
 */
export function compileFilter(text: string): MessageFilter {
  if (text.trim() === '') return () => true;
  if (Buffer.byteLength(text) > 256) refuse(text, 256, 'a filter has at most 256 bytes');
  const all = tokens(text);
  let position = 0;
  const peek = (): Token => all[position] ?? { kind: 'end', text: '', at: text.length };
  const next = (): Token => {
    const token = peek();
    position += 1;
    return token;
  };
  const isNext = (kind: Token['kind'], value: string): boolean =>
    peek().kind === kind && peek().text === value;
  const expect = (value: string): void => {
    const token = next();
    if (token.kind !== 'symbol' || token.text !== value) refuse(text, token.at, `'${value}' was expected`);
  };
  const attributeName = (): string => {
    const token = next();
    if (token.kind !== 'string' && (token.kind !== 'word' || keywords.has(token.text)))
      refuse(text, token.at, 'the name of an attribute was expected');
    return token.text;
  };
  const stringValue = (): string => {
    const token = next();
    if (token.kind !== 'string') refuse(text, token.at, 'a "string" was expected');
    return token.text;
  };
  const expectAttributes = (): void => {
    const token = next();
    if (token.kind !== 'word' || token.text !== 'attributes')
      refuse(text, token.at, "'attributes' was expected");
  };

  const term = (): MessageFilter => {
    if (isNext('symbol', '(')) {
      next();
      const inner = expression();
      expect(')');
      return inner;
    }
    if (isNext('word', 'hasPrefix')) {
      next();
      expect('(');
      expectAttributes();
      expect('.');
      const name = attributeName();
      expect(',');
      const prefix = stringValue();
      expect(')');
      return (attributes) => attributes[name]?.startsWith(prefix) ?? false;
    }
    expectAttributes();
    const operator = next();
    if (operator.text === ':' && operator.kind === 'symbol') {
      const name = attributeName();
      return (attributes) => Object.hasOwn(attributes, name);
    }
    if (operator.text !== '.' || operator.kind !== 'symbol')
      refuse(text, operator.at, "'.' or ':' was expected");
    const name = attributeName();
    const comparison = next();
    if (comparison.kind === 'symbol' && comparison.text === '=') {
      const value = stringValue();
      return (attributes) => attributes[name] === value;
    }
    if (comparison.kind === 'symbol' && comparison.text === '!=') {
      const value = stringValue();
      return (attributes) => attributes[name] !== value;
    }
    return refuse(text, comparison.at, "'=' or '!=' was expected");
  };
  const negation = (): MessageFilter => {
    if (!isNext('word', 'NOT') && !isNext('symbol', '-')) return term();
    next();
    const inner = term();
    return (attributes) => !inner(attributes);
  };
  const expression = (): MessageFilter => {
    const parts = [negation()];
    let joined: string | undefined;
    while (isNext('word', 'AND') || isNext('word', 'OR')) {
      const { text: operator, at } = next();
      if (joined !== undefined && joined !== operator)
        refuse(text, at, 'AND and OR need parentheses between them');
      joined = operator;
      parts.push(negation());
    }
    return joined === 'OR'
      ? (attributes) => parts.some((part) => part(attributes))
      : (attributes) => parts.every((part) => part(attributes));
  };

  const filter = expression();
  if (peek().kind !== 'end') refuse(text, peek().at, 'AND, OR or the end was expected');
  return filter;
}
