import type TypeScript from 'typescript';
import { calleeText, propertyOf, type CodeRule } from './code-rule.ts';
import { beginning, calledName, isFixed, variableParts } from './code-syntax.ts';
import { isSql, unsafeSqlParts } from './sql-text.ts';

const shells = /(?:^|[\\/])(?:sh|bash|dash|zsh|ksh|cmd(?:\.exe)?|powershell(?:\.exe)?|pwsh)$/;
const evaluators = [
  'vm#runInThisContext',
  'vm#runInNewContext',
  'vm#runInContext',
  'vm#Script',
  'vm#compileFunction',
];

/** Where a value can become a command. */
export const injectionRules: readonly CodeRule[] = [
  {
    name: 'eval',
    title: 'text is run as code',
    look(node, syntax) {
      const { ts, names } = syntax;
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
      const callee = calleeText(syntax, node);
      const [first] = node.arguments ?? [];
      if (callee === 'eval' || callee === 'Function')
        return `${callee} runs text as code: parse the data, or write the function out`;
      if (
        ['setTimeout', 'setInterval'].includes(callee) &&
        first &&
        (ts.isStringLiteralLike(first) || ts.isTemplateExpression(first))
      )
        return `${callee} runs this text as code: give it a function`;
      if (
        evaluators.includes(calledName(ts, names, node.expression) ?? '') &&
        first &&
        !isFixed(ts, names, first)
      )
        return 'node:vm runs text as code, and keeps nothing out: parse the data instead';
      return undefined;
    },
  },
  {
    name: 'shell',
    title: 'a shell command is put together from values',
    look(node, syntax) {
      const { ts, names } = syntax;
      if (!ts.isCallExpression(node)) return undefined;
      const [, name] = (calledName(ts, names, node.expression) ?? '').split('child_process#');
      const [command, args, options] = node.arguments;
      if (name === undefined || !command) return undefined;
      if (['exec', 'execSync'].includes(name))
        return variableParts(ts, names, command).length > 0
          ? `${name} gives this to a shell: use execFile with a list of arguments`
          : undefined;
      const listed = args && ts.isArrayLiteralExpression(args) ? args.elements : undefined;
      const shell = propertyOf(syntax, listed ? options : (options ?? args), 'shell');
      if (shell && shell.kind !== ts.SyntaxKind.FalseKeyword) {
        const fixed =
          isFixed(ts, names, command) &&
          (!args ||
            ts.isObjectLiteralExpression(args) ||
            listed?.every((each) => isFixed(ts, names, each)) === true);
        return fixed
          ? undefined
          : `with the option shell, ${name} gives the arguments to a shell: leave it out`;
      }
      if (!listed || !shells.test(beginning(ts, names, command))) return undefined;
      const flag = listed.findIndex(
        (each) => ts.isStringLiteralLike(each) && /^(?:-\w*c|\/c|-Command)$/i.test(each.text),
      );
      const script = flag === -1 ? undefined : listed[flag + 1];
      return script && variableParts(ts, names, script).length > 0
        ? 'values are put into the text of a shell script: hand them over as arguments ($1) or in the environment'
        : undefined;
    },
  },
  {
    name: 'sql',
    title: 'a query is put together from values',
    look(node, syntax) {
      const { ts, names } = syntax;
      if (
        !ts.isCallExpression(node) ||
        !/^\.(?:query|execute|unsafe|\$(?:query|execute)RawUnsafe)$/.test(calleeText(syntax, node))
      )
        return undefined;
      const [first] = node.arguments;
      const text = propertyOf(syntax, first, 'text', 'sql') ?? first;
      if (!text || !isSql(beginning(ts, names, text))) return undefined;
      const [part] = unsafeSqlParts(ts, names, text);
      return part
        ? `${short(part.getText())} is put into the query's text: hand it over as a parameter ($1)`
        : undefined;
    },
  },
  {
    name: 'html',
    title: 'text becomes HTML',
    look(node, syntax) {
      const { ts, names } = syntax;
      const message = 'a text with < in it becomes elements and scripts: set textContent, or render elements';
      const varies = (value: TypeScript.Expression | undefined): boolean =>
        value !== undefined && !isFixed(ts, names, value);
      if (
        ts.isBinaryExpression(node) &&
        [ts.SyntaxKind.EqualsToken, ts.SyntaxKind.PlusEqualsToken].includes(node.operatorToken.kind)
      )
        return ts.isPropertyAccessExpression(node.left) &&
          ['innerHTML', 'outerHTML'].includes(node.left.name.text) &&
          varies(node.right)
          ? message
          : undefined;
      if (ts.isCallExpression(node)) {
        const callee = calleeText(syntax, node);
        if (callee === '.insertAdjacentHTML') return varies(node.arguments[1]) ? message : undefined;
        const { expression } = node;
        const onDocument =
          ts.isPropertyAccessExpression(expression) &&
          ts.isIdentifier(expression.expression) &&
          expression.expression.text === 'document';
        return onDocument && ['.write', '.writeln'].includes(callee) && varies(node.arguments[0])
          ? message
          : undefined;
      }
      if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === '__html')
        return varies(node.initializer) ? message : undefined;
      return undefined;
    },
  },
];

const short = (text: string): string =>
  (text.length > 60 ? `${text.slice(0, 57)}…` : text).replaceAll(/\s+/g, ' ');
