import type { AddedFiles } from './added-files.ts';
import type { CheckOutcome } from './finding.ts';
import type { ImageSizeLimits } from './image-size-limits.ts';
import type { ImageSize } from './image-size-of.ts';
import { largestParts } from './largest-parts.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const limitOf = ({ measure }: ImageSize, limits: ImageSizeLimits): number =>
  (measure === 'unpacked' ? limits.maxMegabytes : limits.maxCompressedMegabytes) * 1e6;

/** Whose budget it is, and where that stands. */
export interface SizeBudget {
  readonly service: string;
  readonly file: string;
  readonly limits: ImageSizeLimits;
}

const tooLarge = ({ file, limits }: SizeBudget, message: string): CheckOutcome => ({
  kind: 'failed',
  findings: [{ rule: 'image-size', file, line: limits.line, message }],
});

/** Whether an image as a whole keeps its budget. One that was not counted whole may fail, and cannot pass. */
export function judgeSize(size: ImageSize, budget: SizeBudget): CheckOutcome {
  const limit = limitOf(size, budget.limits);
  const over = size.bytes - limit;
  if (over > 0) {
    const [largest] = size.parts.toSorted((a, b) => b.bytes - a.bytes);
    const hint = largest ? `; its largest part is ${largest.name} with ${megabytes(largest.bytes)}` : '';
    return tooLarge(
      budget,
      `${budget.service} has ${megabytes(size.bytes)} ${size.measure}, ${megabytes(over)} more than its ${megabytes(limit)}${hint}: look at what the last stage copies, or raise the budget here`,
    );
  }
  if (size.without === undefined) return { kind: 'passed' };
  return {
    kind: 'skipped',
    why: `${megabytes(size.bytes)} were counted of ${megabytes(limit)}, without ${size.without}`,
  };
}

const bytesOf = (files: readonly { readonly size: number }[]): number =>
  files.reduce((sum, { size }) => sum + size, 0);
const namedParts = 3;

/** Throws when the budget says nothing of what may be added. */
function addedLimit({ service, file, limits }: SizeBudget): number {
  if (limits.maxAddedMegabytes !== undefined) return limits.maxAddedMegabytes * 1e6;
  throw new Error(
    `${file}:${limits.line}: ${service} has no maxAddedMegabytes, so what its Dockerfile adds cannot be judged`,
  );
}

/** Whether what the Dockerfile adds keeps its budget. */
export function judgeAdded(added: AddedFiles, budget: SizeBudget): CheckOutcome {
  if (added.kind === 'unknown') return { kind: 'skipped', why: added.why };
  const bytes = bytesOf(added.files);
  const limit = addedLimit(budget);
  if (bytes <= limit) return { kind: 'passed' };
  const largest = added.files
    .toSorted((a, b) => b.size - a.size)
    .slice(0, namedParts)
    .map(({ path, size }) => `/${path} ${megabytes(size)}`);
  return tooLarge(
    budget,
    `${budget.service} adds ${megabytes(bytes)} to its base image, ${megabytes(bytes - limit)} more than its ${megabytes(limit)} (${largest.join(', ')}): look at what the last stage copies, or raise maxAddedMegabytes here`,
  );
}

/** `what the Dockerfile adds`, and what became of its check. */
export interface JudgedPart {
  readonly name: string;
  readonly outcome: CheckOutcome;
}

/** One part over its budget fails the gate; a part that could not be judged keeps it from passing. */
export function combine(parts: readonly JudgedPart[]): CheckOutcome {
  const findings = parts.flatMap(({ outcome }) => (outcome.kind === 'failed' ? outcome.findings : []));
  if (findings.length > 0) return { kind: 'failed', findings };
  const skipped = parts.flatMap(({ name, outcome }) =>
    outcome.kind === 'skipped' ? [`${name}: ${outcome.why}`] : [],
  );
  if (skipped.length === 0) return { kind: 'passed' };
  const passed = parts.filter(({ outcome }) => outcome.kind === 'passed');
  return {
    kind: 'skipped',
    why: [...skipped, ...passed.map(({ name }) => `${name} is within its budget`)].join('; '),
  };
}

/** The sizes as rows: the image, its parts, the budget. */
export function sizeTable(size: ImageSize, limits: ImageSizeLimits): string[] {
  return [
    size.image,
    ...rows([
      [`image, ${size.measure}`, size.bytes],
      ...size.parts.map(({ name, bytes }) => [`  ${name}`, bytes] as const),
      ...(size.without === undefined ? [] : [[`not counted: ${size.without}`, undefined] as const]),
      ['budget', limitOf(size, limits)],
    ]),
  ];
}

/** The same of what the Dockerfile adds, with the folders and files that are largest. */
export function addedTable(added: AddedFiles, budget: SizeBudget): string[] {
  if (added.kind === 'unknown') return [];
  return [
    'what the Dockerfile adds to its base image',
    ...rows([
      [`${added.files.length} files`, bytesOf(added.files)],
      ...largestParts(added.files).map(({ path, bytes }) => [`  ${path}`, bytes] as const),
      ['budget', addedLimit(budget)],
    ]),
  ];
}

function rows(cells: readonly (readonly [name: string, bytes: number | undefined])[]): string[] {
  const counted = cells.flatMap(([name, bytes]) => (bytes === undefined ? [] : [{ name, bytes }]));
  const wide = Math.max(...counted.map(({ name }) => name.length));
  const right = Math.max(...counted.map(({ bytes }) => megabytes(bytes).length));
  return cells.map(([name, bytes]) =>
    bytes === undefined ? `  ${name}` : `  ${name.padEnd(wide)}  ${megabytes(bytes).padStart(right)}`,
  );
}
