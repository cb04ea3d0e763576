import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { applyExceptions, type PolicyException } from '../../../../scripts/builder/security/exceptions.ts';
import type { Finding } from '../../../../scripts/builder/security/finding.ts';
import { parsePolicy } from '../../../../scripts/builder/security/policy.ts';
import { isWorse, readSeverity } from '../../../../scripts/builder/security/severity.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

describe('the policy', () => {
  test('of this repository can be used', () => {
    const policy = parsePolicy(
      readFileSync(path.join(root, 'cloudbuild/security.yaml'), 'utf8'),
      'security.yaml',
    );
    expect(policy.audit.worst).toBe('low');
    expect(policy.licences.allow).not.toContain('GPL-3.0-only');
  });

  test('an empty one is the strict default', () => {
    const policy = parsePolicy('', 'p.yaml');
    expect(policy).toMatchObject({
      required: [],
      audit: { worst: 'low', exceptions: [] },
      licences: { scope: 'production' },
      lockfile: { registries: ['https://registry.npmjs.org'] },
    });
  });

  test('an exception is what it names, why, and until when', () => {
    const text = 'audit:\n  exceptions:\n    - { id: GHSA-1, reason: not reached, expires: 2026-04-01 }\n';
    expect(parsePolicy(text, 'p.yaml').audit.exceptions).toEqual([
      { match: { id: 'GHSA-1' }, reason: 'not reached', expires: '2026-04-01', atMost: 1 },
    ]);
  });

  test.each([
    ['an unknown check', 'audits: {}\n', 'p.yaml:1: Unrecognized key: "audits"'],
    ['a severity that there is not', 'audit:\n  worst: bad\n', 'p.yaml:2: audit.worst: '],
    [
      'no reason',
      'audit:\n  exceptions:\n    - { id: GHSA-1, expires: 2026-04-01 }\n',
      'p.yaml:3: audit.exceptions.0.reason: ',
    ],
    [
      'no day',
      'code:\n  exceptions:\n    - { rule: sql, path: a.ts, reason: because }\n',
      'p.yaml:3: code.exceptions.0.expires: ',
    ],
    [
      'a day that does not exist',
      'audit:\n  exceptions:\n    - { id: a, reason: b, expires: 2026-02-30 }\n',
      'must be a day, such as 2026-12-31',
    ],
    [
      'nothing that it is about',
      'audit:\n  exceptions:\n    - { reason: b, expires: 2026-02-03 }\n',
      'p.yaml:3: audit.exceptions.0: needs id',
    ],
    [
      'a name of another check',
      'audit:\n  exceptions:\n    - { id: a, path: b, reason: b, expires: 2026-02-03 }\n',
      'audit.exceptions.0.path: has no place here; these exceptions have id',
    ],
    ['a registry that is none', 'lockfile:\n  registries: [npmjs]\n', 'p.yaml:2: lockfile.registries.0: '],
    ['no YAML', 'audit: {\n', 'p.yaml:'],
  ])('%s is refused with its place', (_what, text, expected) => {
    expect(() => parsePolicy(text, 'p.yaml')).toThrow(expected);
  });
});

describe('applyExceptions', () => {
  const now = Date.parse('2026-03-02T10:00:00Z');
  const finding = (id: string): Finding => ({
    rule: `audit/${id}`,
    title: id,
    message: `${id} is bad`,
    file: 'package-lock.json',
    subject: { id, package: 'left' },
  });
  const exception = (id: string, expires = '2026-03-02', atMost = 1): PolicyException => ({
    match: { id },
    reason: 'not reached',
    expires,
    atMost,
  });
  const apply = (found: Finding[], exceptions: PolicyException[]) => {
    const { findings, accepted, notes } = applyExceptions(found, exceptions, now);
    return {
      left: findings.map(({ message }) => message),
      accepted: accepted.map(({ rule }) => rule),
      notes,
    };
  };

  test.each([
    [
      'on its last day it holds',
      [finding('A')],
      [exception('A')],
      { left: [], accepted: ['audit/A'], notes: [] },
    ],
    [
      'on the next day it does not',
      [finding('A')],
      [exception('A', '2026-03-01')],
      {
        left: ['A is bad; its exception expired on 2026-03-01: mend it, or decide anew'],
        accepted: [],
        notes: [],
      },
    ],
    [
      'it is for what it names alone',
      [finding('A'), finding('B')],
      [exception('A')],
      { left: ['B is bad'], accepted: ['audit/A'], notes: [] },
    ],
    [
      'one more than it covers is found',
      [finding('A'), finding('A')],
      [exception('A')],
      {
        left: ['A is bad; its exception covers 1 only, and this is one more'],
        accepted: ['audit/A'],
        notes: [],
      },
    ],
    [
      'it can cover several',
      [finding('A'), finding('A')],
      [exception('A', '2026-04-01', 2)],
      { left: [], accepted: ['audit/A', 'audit/A'], notes: [] },
    ],
    [
      'a new one beside an expired one holds',
      [finding('A')],
      [exception('A', '2026-01-01'), exception('A', '2026-12-31')],
      {
        left: [],
        accepted: ['audit/A'],
        notes: ['the exception for id A covers nothing any more: remove it'],
      },
    ],
    [
      'one that covers nothing is noted',
      [],
      [exception('A')],
      { left: [], accepted: [], notes: ['the exception for id A covers nothing any more: remove it'] },
    ],
  ])('%s', (_what, found, exceptions, expected) => {
    expect(apply(found, exceptions)).toEqual(expected);
  });
});

describe('severities', () => {
  test.each([
    ['HIGH', 'high'],
    ['Medium', 'moderate'],
    ['Negligible', 'info'],
    ['moderate', 'moderate'],
    ['UNKNOWN', 'critical'],
  ])('%s is %s', (text, expected) => {
    expect(readSeverity(text)).toBe(expected);
  });

  test.each([
    ['low', 'low', false],
    ['moderate', 'low', true],
    ['info', 'none', true],
    ['high', 'critical', false],
  ] as const)('%s is worse than %s: %s', (severity, than, expected) => {
    expect(isWorse(severity, than)).toBe(expected);
  });
});
