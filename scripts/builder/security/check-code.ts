import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type TypeScript from 'typescript';
import { shownFile, type Check } from './check.ts';
import { findCompiler, namesOf, type Compiler } from './code-syntax.ts';
import type { Finding } from './finding.ts';
import { injectionRules } from './injection-rules.ts';
import { protectionRules } from './protection-rules.ts';

/** Mistakes in the code that open a service: few, and each of them certain. */
export const checkCode: Check = {
  name: 'code',
  summary:
    'text run as code, shell commands and queries put together from values, TLS without certificates, …',
  exceptions: ({ code }) => code.exceptions,
  async look(context) {
    const compiler = findCompiler(context.folder);
    if (!compiler)
      return { kind: 'skipped', why: `typescript is not installed in ${shownFile(context, 'node_modules')}` };
    const { files, note } = await context.sources();
    const findings: Finding[] = [];
    let read = 0;
    for (const name of files) {
      if (!/\.[cm]?[jt]sx?$/.test(name)) continue;
      const text = await readFile(path.join(context.folder, name), 'utf8').catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      });
      if (text === undefined) continue;
      read += 1;
      const file = shownFile(context, name);
      for (const { rule, title, message, line, column } of judgeCode(compiler, name, text))
        findings.push({
          rule: `code/${rule}`,
          title,
          message,
          file,
          line,
          column,
          subject: { rule, path: file },
        });
    }
    return { kind: 'looked', findings, notes: note === undefined ? [] : [note], scope: `${read} files` };
  },
};

const codeRules = [...injectionRules, ...protectionRules];

interface CodeMistake {
  readonly rule: string;
  readonly title: string;
  readonly message: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** The mistakes in one file. Its syntax errors are the business of others: what can be read is judged. */
export function judgeCode(ts: Compiler, name: string, text: string): CodeMistake[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const syntax = { ts, names: namesOf(ts, source) };
  const found: CodeMistake[] = [];
  const visit = (node: TypeScript.Node): void => {
    for (const rule of codeRules) {
      const message = rule.look(node, syntax);
      if (message === undefined) continue;
      const { line, character } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({ rule: rule.name, title: rule.title, message, line: line + 1, column: character + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
