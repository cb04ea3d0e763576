import type { ServiceRecord, Shares } from '../../functions/release/service-record.ts';
import { inWords } from '../../functions/rollout/shares.ts';
import { printable, table, visibleLength, type Style } from '../cli/style.ts';
import { field } from './lines.ts';

export interface ServiceView {
  readonly name: string;
  readonly record: ServiceRecord;
  readonly serving: Shares;
  readonly url: string;
}

/** How many messages lie where nobody works on them, and why that is not all that there is to say. */
export interface Parked {
  readonly counts: { readonly deadLetters: number; readonly quarantined: number };
  readonly problem?: string;
}

/** Every service in a row, or one below the other where the terminal is too narrow; then what needs a person. */
export function overview(
  services: readonly ServiceView[],
  parked: Parked,
  { columns, tableColumns }: { readonly columns: number; readonly tableColumns: number },
  style: Style,
): string[] {
  const rows = table([
    ['service', 'stable', 'traffic', 'previous good', 'address'].map(style.dim),
    ...services.map(({ name, record: { stable, previousGood }, serving, url }) => [
      style.strong(name),
      stable ? style.good(stable.revision) : style.dim('no release yet'),
      serving.length > 0 ? inWords(serving) : style.dim('–'),
      previousGood?.revision ?? style.dim('–'),
      url === '' ? style.dim('–') : url,
    ]),
  ]);
  const narrow = rows.some((row) => visibleLength(row) > tableColumns);
  return [
    ...(narrow ? services.flatMap((view) => below(view, columns, style)) : rows),
    ...notes(services, parked).map((note) => style.busy(note)),
  ];
}

const below = ({ name, record, serving, url }: ServiceView, columns: number, style: Style): string[] => [
  style.strong(name),
  ...field('stable', record.stable?.revision ?? 'no release yet', columns, style),
  ...field('traffic', inWords(serving), columns, style),
  ...(record.previousGood ? field('previous good', record.previousGood.revision, columns, style) : []),
  ...(url === '' ? [] : field('address', url, columns, style)),
];

function notes(services: readonly ServiceView[], { counts, problem }: Parked): string[] {
  const { deadLetters, quarantined } = counts;
  const lying = [
    ...(deadLetters > 0 ? [`${deadLetters} dead letter${deadLetters === 1 ? '' : 's'}`] : []),
    ...(quarantined > 0
      ? [`${quarantined} message${quarantined === 1 ? '' : 's'} that could not be read`]
      : []),
  ];
  const found = [
    ...services.flatMap(({ name, record: { frozen } }) =>
      frozen ? [`${name} is frozen by ${frozen.by}: ${frozen.why} (npm run status -- ${name})`] : [],
    ),
    ...(lying.length > 0 ? [`${lying.join(' and ')}: npm run replay -- --list`] : []),
    ...(problem === undefined ? [] : [`dead letters could not be counted: ${problem}`]),
  ];
  return found.length === 0 ? [] : ['', ...found.map(printable)];
}
