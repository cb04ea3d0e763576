import type TypeScript from 'typescript';
import type { Compiler, FileNames } from './code-syntax.ts';

/** What a rule sees of a file. */
export interface FileSyntax {
  readonly ts: Compiler;
  readonly names: FileNames;
}

export interface CodeRule {
  readonly name: string;
  readonly title: string;
  /** What to do, if the node breaks the rule. */
  look(node: TypeScript.Node, syntax: FileSyntax): string | undefined;
}

/** `x` of `x(…)` and `new x(…)`, `a.x(…)` too. */
export function calleeText(
  { ts }: FileSyntax,
  node: TypeScript.CallExpression | TypeScript.NewExpression,
): string {
  const { expression } = node;
  if (ts.isIdentifier(expression)) return expression.text;
  return ts.isPropertyAccessExpression(expression) ? `.${expression.name.text}` : '';
}

export function propertyOf(
  { ts }: FileSyntax,
  node: TypeScript.Expression | undefined,
  ...wanted: readonly string[]
): TypeScript.Expression | undefined {
  if (!node || !ts.isObjectLiteralExpression(node)) return undefined;
  const property = node.properties.find(
    (each) =>
      ts.isPropertyAssignment(each) &&
      (ts.isIdentifier(each.name) || ts.isStringLiteral(each.name)) &&
      wanted.includes(each.name.text),
  );
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined;
}
