import { timeInWords } from '../../functions/release/duration.ts';
import type { ServiceRecord, Serving, Shares } from '../../functions/release/service-record.ts';
import { commands } from '../../functions/release/waiting.ts';
import { inWords } from '../../functions/rollout/shares.ts';
import type { Style } from '../cli/style.ts';
import { field } from './lines.ts';

/** As many of the last entries of the log are shown; `--json` has them all. */
const shownEntries = 8;

const revisionInWords = ({ revision, commit, since, schemaVersion }: Serving): string =>
  `${revision}, commit ${commit.slice(0, 7)}, since ${timeInWords(since)}${schemaVersion > 0 ? `, schema ${schemaVersion}` : ''}`;

/** What a service serves and what stands in its way, as lines for a terminal of so many columns. */
export function serviceState(
  record: ServiceRecord,
  serving: Shares,
  url: string,
  columns: number,
  style: Style,
): string[] {
  const { service, stable, previousGood, frozen, rollbackRequest, quarantine, schemaFloor, log } = record;
  const lines = (name: string, text: string): string[] => field(name, text, columns, style);
  return [
    `${style.strong(service)}${url === '' ? '' : `  ${url}`}`,
    ...lines('serves', inWords(serving)),
    ...lines('stable', stable ? revisionInWords(stable) : 'no release yet'),
    ...lines('previous good', previousGood ? revisionInWords(previousGood) : 'none to go back to'),
    ...(frozen
      ? [
          ...lines('frozen', `by ${frozen.by} since ${timeInWords(frozen.at)}: ${frozen.why}`).map(style.bad),
          ...lines('', `${commands.letGo(service)} lets it go on`),
        ]
      : []),
    ...(rollbackRequest
      ? lines(
          'rollback',
          `to ${rollbackRequest.revision}, asked for by ${rollbackRequest.by} at ${timeInWords(rollbackRequest.at)}, not done yet: ${rollbackRequest.why}`,
        )
      : []),
    ...quarantine.flatMap(({ commit, digest, at, reason }, index) =>
      lines(
        index === 0 ? 'quarantine' : '',
        `commit ${commit.slice(0, 7)}, ${digest.slice(0, 19)}, since ${timeInWords(at)}: ${reason}`,
      ),
    ),
    ...(schemaFloor
      ? lines(
          'schema floor',
          `${schemaFloor.version}, since release ${schemaFloor.release}: nothing made for less may serve`,
        )
      : []),
    ...log
      .slice(-shownEntries)
      .flatMap(({ at, what, by, why }, index) =>
        lines(index === 0 ? 'log' : '', `${timeInWords(at)}  ${what}, by ${by}: ${why}`),
      ),
  ];
}
