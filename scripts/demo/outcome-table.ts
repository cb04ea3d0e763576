import { table, type Style } from '../cli/style.ts';
import { rowIsGood, stateOf, type Row } from './board.ts';
import { expectedInWords } from './commits.ts';

/** The end of the demo: which gate caught which commit, after how long, and what it said. */
export function outcomeTable(rows: readonly Row[], style: Style): string[] {
  const [head = '', ...lines] = table([
    ['', 'commit', 'name', 'change', 'after'.padStart(7), 'outcome'].map(style.dim),
    ...rows.map((row) => {
      const [mark, state, time] = stateOf(row, style);
      const { name, subject, expected } = row.commit;
      const wanted = row.state === 'done' && !rowIsGood(row) ? `, and not ${expectedInWords(expected)}` : '';
      return [
        mark,
        'sha' in row ? row.sha.slice(0, 7) : '–',
        name,
        subject,
        time.padStart(7),
        `${state}${style.bad(wanted)}`,
      ];
    }),
  ]);
  return [
    head,
    ...rows.flatMap((row, index) => {
      const said =
        row.state === 'done'
          ? ([
              ['GitHub', row.told.github],
              [row.told.speaker, row.told.own],
            ] as const)
          : [];
      return [
        lines[index] ?? '',
        ...said.filter(([, text]) => text !== '').map(([who, text]) => `   ${style.dim(`${who}:`)} ${text}`),
      ];
    }),
  ];
}

/** Whether every commit that was pushed has come to what it was to come to. */
export const allAsExpected = (rows: readonly Row[]): boolean =>
  rows.every((row) => row.state === 'skipped' || (row.state === 'done' && rowIsGood(row)));
