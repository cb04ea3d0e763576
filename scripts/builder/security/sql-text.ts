import type TypeScript from 'typescript';
import { isFixed, variableParts, type Compiler, type FileNames } from './code-syntax.ts';

const statement =
  /^\s*(?:alter|begin|call|copy|create|delete|drop|explain|grant|insert|listen|lock|merge|notify|replace|revoke|select|set|truncate|update|values|with)\s/i;

/** Whether a text begins as SQL does. */
export const isSql = (text: string): boolean => statement.test(text);

/** Functions that make a value safe to stand in a query: those of pg, mysql and sqlstring, and numbers. */
const escaping =
  /^(?:escape(?:Id(?:entifier)?|Literal)?|quote_?(?:Ident(?:ifier)?|Literal)?|Number|parseInt|parseFloat)$/i;

/** What is put into a query's text without being escaped. */
export function unsafeSqlParts(
  ts: Compiler,
  names: FileNames,
  text: TypeScript.Expression,
): TypeScript.Expression[] {
  return variableParts(ts, names, text).filter((part) => !isSafe(ts, names, part));
}

function isSafe(ts: Compiler, names: FileNames, part: TypeScript.Expression, depth = 0): boolean {
  if (isFixed(ts, names, part)) return true;
  if (ts.isIdentifier(part)) {
    const value = names.constants.get(part.text);
    return value !== undefined && depth < 5 && isSafe(ts, names, value, depth + 1);
  }
  // `$${index + 1}` numbers the parameters.
  if (ts.isTemplateExpression(part)) {
    const before = [part.head, ...part.templateSpans.map(({ literal }) => literal)];
    return part.templateSpans.every(
      ({ expression }, index) =>
        before[index]?.text.endsWith('$') === true || isSafe(ts, names, expression, depth),
    );
  }
  if (!ts.isCallExpression(part)) return false;
  const { expression: callee } = part;
  const name = ts.isIdentifier(callee)
    ? callee.text
    : ts.isPropertyAccessExpression(callee)
      ? callee.name.text
      : '';
  if (escaping.test(name)) return true;
  if (!ts.isPropertyAccessExpression(callee)) return false;
  if (name === 'join') return isSafe(ts, names, callee.expression, depth);
  const [mapping] = part.arguments;
  return (
    name === 'map' &&
    mapping !== undefined &&
    ts.isArrowFunction(mapping) &&
    !ts.isBlock(mapping.body) &&
    isSafe(ts, names, mapping.body, depth)
  );
}
