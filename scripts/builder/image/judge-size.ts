import type { CheckOutcome } from './finding.ts';
import type { ImageSizeLimits } from './image-size-limits.ts';
import type { ImageSize } from './image-size-of.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const limitOf = ({ measure }: ImageSize, limits: ImageSizeLimits): number =>
  (measure === 'unpacked' ? limits.maxMegabytes : limits.maxCompressedMegabytes) * 1e6;

/** Whether an image keeps its budget. One that was not counted whole may fail, and cannot pass. */
export function judgeSize(
  size: ImageSize,
  limits: ImageSizeLimits,
  service: string,
  budgetFile: string,
): CheckOutcome {
  const limit = limitOf(size, limits);
  const over = size.bytes - limit;
  if (over > 0) {
    const [largest] = size.parts.toSorted((a, b) => b.bytes - a.bytes);
    const hint = largest ? `; its largest part is ${largest.name} with ${megabytes(largest.bytes)}` : '';
    return {
      kind: 'failed',
      findings: [
        {
          rule: 'image-size',
          file: budgetFile,
          line: limits.line,
          message: `${service} has ${megabytes(size.bytes)} ${size.measure}, ${megabytes(over)} more than its ${megabytes(limit)}${hint}: look at what the last stage copies, or raise the budget here`,
        },
      ],
    };
  }
  if (size.without === undefined) return { kind: 'passed' };
  return {
    kind: 'skipped',
    why: `${megabytes(size.bytes)} were counted of ${megabytes(limit)}, without ${size.without}`,
  };
}

/** The sizes as rows: the image, its parts, the budget. */
export function sizeTable(size: ImageSize, limits: ImageSizeLimits): string[] {
  const rows = [
    [`image, ${size.measure}`, megabytes(size.bytes)],
    ...size.parts.map(({ name, bytes }) => [`  ${name}`, megabytes(bytes)]),
    ...(size.without === undefined ? [] : [[`not counted: ${size.without}`, '']]),
    ['budget', megabytes(limitOf(size, limits))],
  ] as const;
  const counted = rows.filter(([, value]) => value !== '');
  const wide = Math.max(...counted.map(([name = '']) => name.length));
  const right = Math.max(...counted.map(([, value = '']) => value.length));
  return [
    size.image,
    ...rows.map(([name = '', value = '']) =>
      value === '' ? `  ${name}` : `  ${name.padEnd(wide)}  ${value.padStart(right)}`,
    ),
  ];
}
