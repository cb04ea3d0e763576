import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { prune, stagesToRemove, type PruneBounds } from '../../../local/images/prune.ts';
import { buildFixture, type BuildFixture } from './build-fixture.ts';

const bounds: PruneBounds = { stageBytes: 100, stageAgeMs: 1_000, imageAgeMs: 500, inUseMs: 10 };

test.each([
  [
    'all within the bounds',
    [
      ['a', 50, 990],
      ['b', 50, 980],
    ],
    [],
  ],
  [
    'the least recently used beyond the size',
    [
      ['a', 60, 900],
      ['b', 60, 950],
    ],
    ['a'],
  ],
  [
    'too old',
    [
      ['a', 1, -100],
      ['b', 1, 950],
    ],
    ['a'],
  ],
  [
    'what may be in use stays',
    [
      ['a', 200, 995],
      ['b', 200, 996],
    ],
    [],
  ],
] as const)('stagesToRemove: %s', (_name, rows, expected) => {
  const stages = rows.map(([key, sizeBytes, usedMs]) => ({ key, sizeBytes, usedMs }));
  expect(stagesToRemove(stages, bounds, 1_000)).toEqual(expected);
});

describe('prune', () => {
  let fixture: BuildFixture;
  beforeEach(() => {
    fixture = buildFixture();
  });
  afterEach(() => {
    fixture.remove();
  });

  const count = (): Record<string, number> =>
    Object.fromEntries(
      ['layers', 'trees', 'manifests', 'configs', 'results', 'work'].map((name) => [
        name,
        readdirSync(path.join(fixture.disk.folder, name)).length,
      ]),
    );

  test('keeps what has a name or was pushed, and removes the rest once it is old', async () => {
    const images: string[] = [];
    for (const text of ['named', 'pushed', 'forgotten']) {
      fixture.files({
        Dockerfile: 'FROM node:24 AS a\nWORKDIR /x\nRUN true\nFROM scratch\nCOPY x /\nCOPY --from=a /x /y',
        x: text,
      });
      images.push((await fixture.build(...(text === 'named' ? ['-t', 'named'] : []))).image.digest);
    }
    expect(count()).toEqual({ layers: 1, trees: 3, manifests: 3, configs: 3, results: 3, work: 0 });
    const pushed = new Set([images[1] ?? '']);
    await prune(fixture.disk, pushed, Date.now());
    expect(count()).toEqual({ layers: 1, trees: 3, manifests: 3, configs: 3, results: 3, work: 0 });
    await prune(fixture.disk, pushed, Date.now() + 30 * 24 * 3_600_000);
    expect(count()).toEqual({ layers: 0, trees: 2, manifests: 2, configs: 2, results: 2, work: 0 });
    expect(images.map((digest) => fixture.disk.image(digest) !== undefined)).toEqual([true, true, false]);
  });

  test('a stage that has a name as an image of its own is found again when every other has been removed', async () => {
    const dockerfile = (last: string): string =>
      `FROM node:24 AS deps\nWORKDIR /x\nRUN true\nFROM deps AS build\nRUN true ${last}\nFROM scratch\nCOPY --from=build /x /y`;
    fixture.files({ Dockerfile: dockerfile('1') });
    await fixture.build('--target', 'deps', '-t', 'app:deps');
    const first = await fixture.build();
    expect(first.log).toContain('CACHED [deps 3/3] RUN true');
    await prune(fixture.disk, new Set(), Date.now() + 30 * 24 * 3_600_000);
    expect(count().layers).toBe(0);
    fixture.files({ Dockerfile: dockerfile('2') });
    const second = await fixture.build('--cache-from', 'app:deps');
    expect(second.log).toContain('CACHED [deps 3/3] RUN true');
    expect(second.log).toContain('[build 2/2] RUN true 2');
  });
});
