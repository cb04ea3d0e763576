import { lineage, type DockerStages } from './docker-stages.ts';

/** A line of an image's history. https://github.com/opencontainers/image-spec/blob/main/config.md#properties */
export interface HistoryEntry {
  readonly created_by?: string | undefined;
  readonly empty_layer?: boolean | undefined;
}

export type AddedLayers =
  { readonly kind: 'known'; readonly count: number } | { readonly kind: 'unknown'; readonly why: string };

/**
 * How many of an image's last layers its Dockerfile has made. Every instruction of the final stage leaves one line in
 * the history, so its last lines have to be those instructions, in their order; where they are not, nothing is assumed.
 */
export function addedLayers(
  { final }: DockerStages,
  history: readonly HistoryEntry[],
  layerCount: number,
): AddedLayers {
  const wanted = lineage(final).flatMap(({ instructions }) => instructions);
  const lines = wanted.length === 0 ? [] : history.slice(-wanted.length);
  const differs = wanted.findIndex(
    ({ keyword }, index) => keywordOf(lines[index]?.created_by ?? '') !== keyword,
  );
  const instruction = wanted[differs];
  if (instruction)
    return {
      kind: 'unknown',
      why: `the image's history does not end with the final stage of the Dockerfile: line ${instruction.line} (${instruction.keyword}) is not in its place`,
    };
  const filled = (entries: readonly HistoryEntry[]): number =>
    entries.filter((entry) => entry.empty_layer !== true).length;
  if (filled(history) !== layerCount)
    return { kind: 'unknown', why: `the image's history and its ${layerCount} layers do not agree` };
  return { kind: 'known', count: filled(lines) };
}

/** BuildKit writes the instruction, `RUN |1 A=b /bin/sh -c …` too; the builder before it what the shell was told. */
function keywordOf(createdBy: string): string {
  const before = /^\/bin\/sh -c (#\(nop\)\s+)?/.exec(createdBy);
  if (before && before[1] === undefined) return 'RUN';
  const [word = ''] = createdBy.slice(before?.[0].length ?? 0).split(/\s/);
  return /^\|\d+$/.test(word) ? 'RUN' : word;
}
