import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zipSync } from 'fflate';
import { ApiError } from '../../../local/core/api-error.ts';
import type { Clock } from '../../../local/core/clock.ts';
import { createCapacity } from '../../../local/functions/capacity.ts';
import { parseSettings, runnable } from '../../../local/functions/cloud-function.ts';
import { createSources, insidePath } from '../../../local/functions/unpack.ts';

const storageSource = { bucket: 'b', object: 'o' };
const buildConfig = { runtime: 'nodejs24', entryPoint: 'main', source: { storageSource } };

/** The code of what is thrown. */
function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing was thrown';
}

describe('parseSettings', () => {
  test('keeps what is a setting, and drops what the service says', () => {
    expect(
      parseSettings({
        name: 'projects/p/locations/l/functions/f',
        environment: 'GEN_2',
        state: 'ACTIVE',
        updateTime: 'then',
        buildConfig: { ...buildConfig, build: 'x' },
        serviceConfig: { uri: 'http://x', revision: 'r', timeoutSeconds: 5 },
      }),
    ).toEqual({ buildConfig, serviceConfig: { timeoutSeconds: 5 } });
  });

  test.each<[string, unknown, string]>([
    ['an event trigger', { eventTrigger: { eventType: 'x' } }, 'UNIMPLEMENTED eventTrigger'],
    ['secret files', { serviceConfig: { secretVolumes: [{}] } }, 'UNIMPLEMENTED serviceConfig.secretVolumes'],
    ['a connector', { serviceConfig: { vpcConnector: 'c' } }, 'UNIMPLEMENTED serviceConfig.vpcConnector'],
    ['a git source', { buildConfig: { source: { gitUri: 'g' } } }, 'UNIMPLEMENTED buildConfig.source.gitUri'],
    [
      'an unknown field',
      { serviceConfig: { memory: '1G' } },
      "INVALID_ARGUMENT Invalid value at 'serviceConfig'",
    ],
    [
      'a wrong type',
      { serviceConfig: { timeoutSeconds: 'x' } },
      "INVALID_ARGUMENT Invalid value at 'serviceConfig.timeoutSeconds'",
    ],
    ['a first generation', { environment: 'GEN_1' }, "INVALID_ARGUMENT Invalid value at 'environment'"],
    [
      'too long a timeout',
      { serviceConfig: { timeoutSeconds: 3601 } },
      "INVALID_ARGUMENT Invalid value at 'serviceConfig.timeoutSeconds'",
    ],
  ])('refuses %s', (_, body, expected) => {
    expect(codeOf(() => parseSettings(body))).toContain(expected);
  });
});

describe('runnable', () => {
  test.each<[string, object, string]>([
    [
      'another runtime',
      { ...buildConfig, runtime: 'python313' },
      'UNIMPLEMENTED buildConfig.runtime python313',
    ],
    ['no runtime', { entryPoint: 'main' }, 'buildConfig.runtime is required'],
    [
      'no entry point',
      { runtime: 'nodejs24', source: { storageSource } },
      'buildConfig.entryPoint is required',
    ],
    [
      'no source',
      { runtime: 'nodejs24', entryPoint: 'main' },
      'buildConfig.source.storageSource is required',
    ],
  ])('refuses %s', (_, config, expected) => {
    expect(codeOf(() => runnable(parseSettings({ buildConfig: config })))).toContain(expected);
  });
});

describe('insidePath', () => {
  test.each([
    ['index.js', 'index.js'],
    ['./lib/a.js', 'lib/a.js'],
    ['lib//a.js', 'lib/a.js'],
    ['..a/b..', '..a/b..'],
    ['../x', undefined],
    ['a/../../x', undefined],
    ['/etc/passwd', undefined],
    ['C:/x', undefined],
    ['a\\..\\x', undefined],
    ['a\u0000b', undefined],
    ['', undefined],
  ])('%j: %j', (name, expected) => {
    expect(insidePath(name)).toBe(expected);
  });
});

describe('sources', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'slipway-sources-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const zip = (files: Record<string, string>): Buffer =>
    Buffer.from(
      zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]))),
    );

  test('unpacks an archive once, finds the framework from it, and removes what is not used', () => {
    const sources = createSources(root);
    const id = sources.add(zip({ 'index.js': '1', 'lib/a.js': '2' }));
    expect(sources.add(zip({ 'index.js': '1', 'lib/a.js': '2' }))).toBe(id);
    const folder = sources.folder(id);
    expect(readFileSync(path.join(folder, 'lib/a.js'), 'utf8')).toBe('2');
    expect(existsSync(path.join(folder, 'node_modules/@google-cloud/functions-framework/package.json'))).toBe(
      true,
    );
    const other = sources.add(zip({ 'index.js': '3' }));
    sources.keep(new Set([other]));
    expect(readdirSync(root)).toEqual([other]);
    expect(() => sources.folder(id)).toThrow('is gone');
  });

  test.each<[string, Record<string, string>, string]>([
    ['a path that leads outside', { '../evil.js': 'x' }, 'leads outside of it: ../evil.js'],
    ['dependencies', { 'package.json': '{"dependencies":{"left-pad":"1"}}' }, '(left-pad)'],
    ['a manifest that is no JSON', { 'package.json': '{' }, 'package.json is not JSON'],
  ])('refuses %s, and leaves nothing behind', (_, files, message) => {
    expect(codeOf(() => createSources(root).add(zip(files)))).toContain(message);
    expect(readdirSync(root)).toEqual([]);
  });

  test('refuses what is no archive', () => {
    expect(codeOf(() => createSources(root).add(Buffer.from('no zip')))).toContain('not a zip archive');
  });

  test('takes the framework as a dependency', () => {
    const manifest = '{"dependencies":{"@google-cloud/functions-framework":"^5.0.0"}}';
    expect(createSources(root).add(zip({ 'package.json': manifest }))).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('capacity', () => {
  test('first come, first served; who waits too long gets nothing', async () => {
    const timers: (() => void)[] = [];
    const clock: Clock = {
      now: () => 0,
      after(_, task) {
        timers.push(task);
        return () => timers.splice(timers.indexOf(task), 1);
      },
    };
    const capacity = createCapacity(clock, () => 1, 1_000);
    const order: string[] = [];
    const first = await capacity.take();
    const second = capacity.take().then((leave) => {
      order.push('second');
      return leave;
    });
    const third = capacity.take();
    expect(order).toEqual([]);
    first?.();
    first?.();
    const leaveSecond = await second;
    timers[0]?.();
    expect(await third).toBeUndefined();
    leaveSecond?.();
    expect(await capacity.take()).toBeInstanceOf(Function);
    expect(timers).toHaveLength(1);
  });
});
