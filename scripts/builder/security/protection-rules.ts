import type TypeScript from 'typescript';
import { cleartextHost } from './cleartext-host.ts';
import { calleeText, type CodeRule, type FileSyntax } from './code-rule.ts';
import { beginning, calledName, isFixed } from './code-syntax.ts';

const secretNames = /(?:token|secret|password|nonce|session_?id|api_?key|otp)$/i;

/** What keeps others from reading, changing and guessing. */
export const protectionRules: readonly CodeRule[] = [
  {
    name: 'tls',
    title: 'certificates are not checked',
    look(node, { ts, names }) {
      const message =
        'anybody in between can read and change what is sent: trust the certificate by `ca` or NODE_EXTRA_CA_CERTS';
      if (ts.isPropertyAssignment(node) && (ts.isIdentifier(node.name) || ts.isStringLiteral(node.name))) {
        const { text } = node.name;
        if (
          ['rejectUnauthorized', 'strictSSL'].includes(text) &&
          node.initializer.kind === ts.SyntaxKind.FalseKeyword
        )
          return message;
        if (text === 'NODE_TLS_REJECT_UNAUTHORIZED' && beginning(ts, names, node.initializer) === '0')
          return message;
        if (text === 'checkServerIdentity' && ts.isArrowFunction(node.initializer)) {
          const { body } = node.initializer;
          const empty = ts.isBlock(body)
            ? body.statements.length === 0
            : /^(?:undefined|null|void 0)$/.test(body.getText());
          return empty ? message : undefined;
        }
      }
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
        const { left, right } = node;
        const name = ts.isPropertyAccessExpression(left)
          ? left.name.text
          : ts.isElementAccessExpression(left) && ts.isStringLiteralLike(left.argumentExpression)
            ? left.argumentExpression.text
            : '';
        const off = ts.isNumericLiteral(right) ? right.text : beginning(ts, names, right);
        if (name === 'NODE_TLS_REJECT_UNAUTHORIZED' && off === '0') return message;
        if (name === 'rejectUnauthorized' && right.kind === ts.SyntaxKind.FalseKeyword) return message;
      }
      return undefined;
    },
  },
  {
    name: 'cleartext',
    title: 'a connection without encryption',
    look(node, syntax) {
      const { ts, names } = syntax;
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
      const callee = calleeText(syntax, node);
      const connects = ts.isNewExpression(node)
        ? ['WebSocket', 'EventSource'].includes(callee)
        : callee === 'fetch' || /^https?#(?:request|get)$/.test(calledName(ts, names, node.expression) ?? '');
      const [address] = node.arguments ?? [];
      if (!connects || !address) return undefined;
      for (const each of alternatives(syntax, address)) {
        const host = cleartextHost(beginning(ts, names, each), !isFixed(ts, names, each));
        if (host !== undefined) return `what goes to ${host} can be read on the way: use https or wss`;
      }
      return undefined;
    },
  },
  {
    name: 'weak-random',
    title: 'a secret that can be guessed',
    look(node, { ts }) {
      if (!(ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node)) || !ts.isIdentifier(node.name))
        return undefined;
      const { initializer, name } = node;
      if (!initializer || !secretNames.test(name.text) || ts.isArrowFunction(initializer)) return undefined;
      return /\bMath\.random\(\)/.test(initializer.getText())
        ? 'Math.random can be predicted: use randomBytes or randomUUID of node:crypto'
        : undefined;
    },
  },
  {
    name: 'weak-cipher',
    title: 'a cipher that does not protect',
    look(node, { ts, names }) {
      if (!ts.isCallExpression(node)) return undefined;
      const [algorithm] = node.arguments;
      const name = calledName(ts, names, node.expression);
      if (name !== 'crypto#createCipheriv' || !algorithm) return undefined;
      const text = beginning(ts, names, algorithm);
      return /^(?:des|rc4|rc2|bf|cast)|-ecb$/i.test(text)
        ? `${text} does not protect: use aes-256-gcm`
        : undefined;
    },
  },
];

/** `a ?? b`, `a || b`, `c ? a : b`: each of them may be it. */
function alternatives(syntax: FileSyntax, node: TypeScript.Expression): TypeScript.Expression[] {
  const { ts } = syntax;
  if (ts.isParenthesizedExpression(node)) return alternatives(syntax, node.expression);
  if (ts.isConditionalExpression(node))
    return [node.whenTrue, node.whenFalse].flatMap((each) => alternatives(syntax, each));
  if (ts.isBinaryExpression(node) && ['??', '||'].includes(node.operatorToken.getText()))
    return [node.left, node.right].flatMap((each) => alternatives(syntax, each));
  return [node];
}
