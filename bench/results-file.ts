import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Rows } from './rows.ts';

/** The parts of bench/results.md, in its order. Each is written by itself. */
export const sections = ['Pipeline', 'Builds', 'Telemetry'] as const;
export type Section = (typeof sections)[number];

const title = '# Bench';
const preface =
  'Each part says where and when it was measured: compare the figures of a part with one another, not with those of another part.';

const heading = (section: string): string => `## ${section}`;

/** The text under each heading of a results file. */
function read(markdown: string): Map<string, string> {
  const [, ...parts] = `\n${markdown}`.split(/\n(?=## )/);
  return new Map(
    parts.map((part) => {
      const [first = '', ...rest] = part.split('\n');
      return [first.slice('## '.length).trim(), rest.join('\n').trim()];
    }),
  );
}

/** The file with `body` as the text of `section`; that of every other section stays as it is. */
export function withSection(markdown: string, section: Section, body: string): string {
  const texts = read(markdown).set(section, body.trim());
  const known = sections.filter((each) => texts.has(each));
  const foreign = [...texts.keys()].filter((each) => !known.some((one) => one === each));
  const parts = [...known, ...foreign].flatMap((each) => [heading(each), texts.get(each) ?? '']);
  return `${[title, preface, ...parts].join('\n\n')}\n`;
}

/** A part's rows as a table, with what they were measured on and what a reader has to know of them. */
export function sectionBody({ rows }: Rows, measuredOn: string, notes: readonly string[]): string {
  const cell = (text: string): string => text.trim().replaceAll('|', String.raw`\|`);
  return [
    `${measuredOn}.${notes.map((note) => ` ${note}`).join('')}`,
    '',
    '| what | figure | |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
  ].join('\n');
}

/** This machine, in this moment. */
export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;

/** Puts a part's figures into bench/results.md. */
export async function writeSection(
  root: string,
  section: Section,
  rows: Rows,
  notes: readonly string[] = [],
): Promise<void> {
  const file = path.join(root, 'bench', 'results.md');
  const before = existsSync(file) ? await readFile(file, 'utf8') : '';
  const markdown = withSection(before, section, sectionBody(rows, machine(), notes));
  await writeFile(file, await format(markdown, { ...(await resolveConfig(file)), parser: 'markdown' }));
}
