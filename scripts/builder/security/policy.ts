import { readFile } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { PolicyException } from './exceptions.ts';
import { severities } from './severity.ts';

const isDay = (text: string): boolean => {
  const start = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(start.getTime()) && start.toJSON().startsWith(text);
};
const day = z.string().refine(isDay, { error: 'must be a day, such as 2026-12-31' });
const text = z.string().trim().min(1, 'must not be empty');

/** What an exception names its findings by. */
const names = ['rule', 'path', 'id', 'package', 'version'] as const;
type Name = (typeof names)[number];

const exceptionSchema = z.strictObject({
  rule: text.optional(),
  path: text.optional(),
  id: text.optional(),
  package: text.optional(),
  version: text.optional(),
  reason: text,
  expires: day,
  atMost: z.int().min(1).default(1),
});

/** The exceptions of a check: each has the needed names, and of the others only the optional ones. */
const exceptions = (needed: readonly Name[], optional: readonly Name[] = []) =>
  z
    .array(
      exceptionSchema
        .superRefine((exception, context) => {
          for (const name of names) {
            const given = exception[name] !== undefined;
            if (needed.includes(name) && !given)
              context.addIssue({ code: 'custom', message: `needs ${name}` });
            if (given && ![...needed, ...optional].includes(name))
              context.addIssue({
                code: 'custom',
                path: [name],
                message: `has no place here; these exceptions have ${[...needed, ...optional].join(', ')}`,
              });
          }
        })
        .transform(({ reason, expires, atMost, ...match }): PolicyException => ({
          match: Object.fromEntries(
            Object.entries(match).filter((entry): entry is [string, string] => entry[1] !== undefined),
          ),
          reason,
          expires,
          atMost,
        })),
    )
    .default([]);

/** The names of the checks, as gates and as keys of the policy. */
export const checkNames = ['secrets', 'audit', 'licences', 'lockfile', 'code', 'image-scan'] as const;
export type CheckName = (typeof checkNames)[number];

const policySchema = z.strictObject({
  /** Checks that may not be skipped. */
  required: z.array(z.enum(checkNames)).default([]),
  secrets: z.strictObject({ exceptions: exceptions(['rule', 'path']) }).prefault({}),
  audit: z
    .strictObject({
      /** The worst severity that passes. */
      worst: z.enum(severities).default('low'),
      exceptions: exceptions(['id']),
    })
    .prefault({}),
  licences: z
    .strictObject({
      /** What is delivered: the production dependencies alone, or also those that are bundled at build time. */
      scope: z.enum(['production', 'all']).default('production'),
      /** SPDX identifiers. */
      allow: z
        .array(text)
        .min(1)
        .default(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT']),
      exceptions: exceptions(['package'], ['version']),
    })
    .prefault({}),
  lockfile: z
    .strictObject({
      registries: z
        .array(z.url({ protocol: /^https?$/ }))
        .min(1)
        .default(['https://registry.npmjs.org']),
      exceptions: exceptions(['package', 'rule']),
    })
    .prefault({}),
  code: z.strictObject({ exceptions: exceptions(['rule', 'path']) }).prefault({}),
  'image-scan': z
    .strictObject({
      worst: z.enum(severities).default('moderate'),
      exceptions: exceptions(['id']),
    })
    .prefault({}),
});

export type SecurityPolicy = z.infer<typeof policySchema>;

/** The policy in a text. Throws with `file:line` for each thing that is wrong. */
export function parsePolicy(source: string, file: string): SecurityPolicy {
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter, prettyErrors: false, stringKeys: true });
  const refuse = (problems: readonly string[]): Error =>
    new Error(`the security policy cannot be used:\n${problems.map((each) => `  ${each}`).join('\n')}`);
  const place = (offset: number): string => `${file}:${lineCounter.linePos(offset).line}`;
  if (document.errors.length > 0)
    throw refuse(document.errors.map(({ pos, message }) => `${place(pos[0])}: ${message}`));
  const read = policySchema.safeParse((document.toJS() as unknown) ?? {});
  if (read.success) return read.data;
  throw refuse(
    read.error.issues.map((issue) => {
      const at = nearest(document, issue.path);
      return `${place(at)}: ${[issue.path.join('.'), issue.message].filter(Boolean).join(': ')}`;
    }),
  );
}

/** The offset of what stands at the path, or of the innermost thing around it. */
function nearest(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

export async function readPolicy(path: string, shown: string): Promise<SecurityPolicy> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`the security policy ${shown} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return parsePolicy(source, shown);
}
