import { createRequire } from 'node:module';
import path from 'node:path';
import type TypeScript from 'typescript';

/** The compiler of the service itself: it reads what the service is written in. */
export type Compiler = typeof TypeScript;

/** Undefined when the folder has none that offers its syntax trees. */
export function findCompiler(folder: string): Compiler | undefined {
  try {
    const loaded = createRequire(path.join(folder, 'package.json'))('typescript') as Partial<Compiler>;
    return typeof loaded.createSourceFile === 'function' ? loaded : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** What names in a file stand for, as far as the file itself says. */
export interface FileNames {
  /** Local name → `node:child_process#exec`; `#*` for the whole module. */
  readonly imported: ReadonlyMap<string, string>;
  /** `const` with a value that is written there; names that are declared more than once are left out. */
  readonly constants: ReadonlyMap<string, TypeScript.Expression>;
}

export function namesOf(ts: Compiler, source: TypeScript.SourceFile): FileNames {
  const imported = new Map<string, string>();
  const constants = new Map<string, TypeScript.Expression | undefined>();
  const declare = (name: string, value: TypeScript.Expression | undefined): void => {
    constants.set(name, constants.has(name) ? undefined : value);
  };
  const visit = (node: TypeScript.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const from = moduleName(node.moduleSpecifier.text);
      const clause = node.importClause;
      if (clause?.name) imported.set(clause.name.text, `${from}#*`);
      const bindings = clause?.namedBindings;
      if (bindings && ts.isNamespaceImport(bindings)) imported.set(bindings.name.text, `${from}#*`);
      if (bindings && ts.isNamedImports(bindings))
        for (const { name, propertyName } of bindings.elements)
          imported.set(name.text, `${from}#${(propertyName ?? name).text}`);
    } else if (ts.isVariableDeclaration(node)) {
      const isConstant = (ts.getCombinedNodeFlags(node) & ts.NodeFlags.Const) !== 0;
      if (ts.isIdentifier(node.name)) declare(node.name.text, isConstant ? node.initializer : undefined);
      else bindPattern(node.name, node.initializer);
    } else if (ts.isParameter(node) && ts.isIdentifier(node.name)) declare(node.name.text, undefined);
    ts.forEachChild(node, visit);
  };
  /** `const { exec } = require('child_process')`, and any other pattern: its names are known to be something else. */
  const bindPattern = (
    pattern: TypeScript.BindingPattern,
    value: TypeScript.Expression | undefined,
  ): void => {
    const from = value && requiredModule(ts, value);
    for (const element of pattern.elements) {
      if (ts.isOmittedExpression(element)) continue;
      if (!ts.isIdentifier(element.name)) continue;
      declare(element.name.text, undefined);
      const property = element.propertyName;
      if (from !== undefined && (!property || ts.isIdentifier(property)))
        imported.set(element.name.text, `${from}#${(property ?? element.name).text}`);
    }
  };
  visit(source);
  for (const [name, value] of constants) {
    const from = value && requiredModule(ts, value);
    if (from !== undefined) imported.set(name, `${from}#*`);
  }
  return {
    imported,
    constants: new Map([...constants].flatMap(([name, value]) => (value ? [[name, value]] : []))),
  };
}

const moduleName = (specifier: string): string => specifier.replace(/^node:/, '');

function requiredModule(ts: Compiler, value: TypeScript.Expression): string | undefined {
  if (
    !ts.isCallExpression(value) ||
    !ts.isIdentifier(value.expression) ||
    value.expression.text !== 'require'
  )
    return undefined;
  const [specifier] = value.arguments;
  return specifier && ts.isStringLiteral(specifier) ? moduleName(specifier.text) : undefined;
}

/** `child_process#exec` for what a call calls, also through `promisify(exec)`; undefined when the file does not say. */
export function calledName(
  ts: Compiler,
  names: FileNames,
  callee: TypeScript.Expression,
): string | undefined {
  if (ts.isIdentifier(callee)) {
    const direct = names.imported.get(callee.text);
    if (direct !== undefined) return direct;
    const value = names.constants.get(callee.text);
    if (!value || !ts.isCallExpression(value)) return undefined;
    const [wrapped] = value.arguments;
    return wrapped && calledName(ts, names, value.expression) === 'util#promisify'
      ? calledName(ts, names, wrapped)
      : undefined;
  }
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return undefined;
  const whole = names.imported.get(callee.expression.text);
  return whole?.endsWith('#*') === true ? `${whole.slice(0, -1)}${callee.name.text}` : undefined;
}

/** Whether an expression is written out in the file: literals, and `const`s and templates of them. */
export function isFixed(ts: Compiler, names: FileNames, node: TypeScript.Expression, depth = 0): boolean {
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return true;
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return isFixed(ts, names, node.expression, depth);
  if (ts.isTemplateExpression(node))
    return node.templateSpans.every(({ expression }) => isFixed(ts, names, expression, depth));
  if (ts.isBinaryExpression(node))
    return isFixed(ts, names, node.left, depth) && isFixed(ts, names, node.right, depth);
  if (ts.isConditionalExpression(node))
    return isFixed(ts, names, node.whenTrue, depth) && isFixed(ts, names, node.whenFalse, depth);
  if (!ts.isIdentifier(node) || depth > 5) return false;
  const value = names.constants.get(node.text);
  return value !== undefined && isFixed(ts, names, value, depth + 1);
}

/** What a text is put together from and not written out: `${…}` of templates, operands of `+`. */
export function variableParts(
  ts: Compiler,
  names: FileNames,
  node: TypeScript.Expression,
): TypeScript.Expression[] {
  if (ts.isParenthesizedExpression(node)) return variableParts(ts, names, node.expression);
  if (ts.isTemplateExpression(node))
    return node.templateSpans.map(({ expression }) => expression).filter((part) => !isFixed(ts, names, part));
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return [node.left, node.right].flatMap((part) =>
      ts.isTemplateExpression(part) || ts.isBinaryExpression(part) || ts.isParenthesizedExpression(part)
        ? variableParts(ts, names, part)
        : isFixed(ts, names, part)
          ? []
          : [part],
    );
  if (ts.isIdentifier(node)) {
    const value = names.constants.get(node.text);
    return value && !ts.isIdentifier(value) ? variableParts(ts, names, value) : [];
  }
  return [];
}

/** The beginning of a text that is written out: of a literal, a template, or what `+` begins with. */
export function beginning(ts: Compiler, names: FileNames, node: TypeScript.Expression, depth = 0): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) return node.head.text;
  if (ts.isParenthesizedExpression(node)) return beginning(ts, names, node.expression, depth);
  if (ts.isBinaryExpression(node)) return beginning(ts, names, node.left, depth);
  const value = ts.isIdentifier(node) ? names.constants.get(node.text) : undefined;
  return value && depth < 5 ? beginning(ts, names, value, depth + 1) : '';
}
