import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readCancellation } from '../../../functions/release/cancellation.ts';
import { newRelease } from '../../../functions/build-status/new-release.ts';
import { openLedger } from '../../../functions/release/ledger.ts';
import { runBuilder } from '../../../scripts/builder/run-builder.ts';
import { buildsCloud, type BuildsCloud } from '../../functions/concurrency/builds-cloud.ts';
import { until } from '../../support/until.ts';
import { surroundings, type TestSurroundings } from './builder-surroundings.ts';

const builder = path.resolve(import.meta.dirname, '..', '..', '..', 'scripts', 'builder', 'main.ts');
const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string];
const pipelineYaml = `
project: test-project
region: europe-west1
repository: acme/shop
services:
  api: { folder: services/api }
  web: { folder: services/web }
`;

let cloud: BuildsCloud;
beforeEach(async () => {
  cloud = await buildsCloud();
});
afterEach(() => cloud.close());

/** A file of the machine: steps make it, or wait for it. */
const file = (name: string): string => path.join(cloud.folder, name);
const whenExists = (name: string): Promise<void> => until(() => existsSync(file(name)), `${name} exists`);

/** A release whose tests take until `<name>-tested` exists, and its deployment until `<name>-go`. */
const release = (name: string, commit: string, tested = true): Promise<string> => {
  if (tested) writeFileSync(file(`${name}-tested`), '');
  return cloud.submit({
    purpose: 'release',
    commit,
    script: `#!/bin/sh
set -eu
cat > pipeline.yaml <<'END'
${pipelineYaml}
END
until [ -e '${file(`${name}-tested`)}' ]; do sleep 0.05; done
node '${builder}' await-turn --environment=local \\
  --build="projects/$PROJECT_ID/locations/$LOCATION/builds/$BUILD_ID"
touch '${file(`${name}-deploys`)}'
until [ -e '${file(`${name}-go`)}' ]; do sleep 0.05; done
`,
  });
};
const statusOf = async (name: string): Promise<string> => (await cloud.builds.get(name))?.status ?? 'absent';
const ends = (name: string, status: string): Promise<void> =>
  until(async () => (await statusOf(name)) === status, `${name} ends in ${status}`);
const says = (name: string, text: string): Promise<void> =>
  until(async () => (await cloud.logOf(name)).includes(text), `the log of ${name} says ${text}`);
const idOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

describe('builder await-turn, in real builds', () => {
  test('the second waits for the first, which is left in peace, and goes when that has ended', async () => {
    const first = await release('first', a);
    await whenExists('first-deploys');
    const second = await release('second', b);
    await says(
      second,
      `waiting for build ${idOf(first)} of commit aaaaaaa, which is WORKING (0 s of 1800 s)`,
    );
    expect(existsSync(file('second-deploys'))).toBe(false);
    writeFileSync(file('first-go'), '');
    await ends(first, 'SUCCESS');
    await whenExists('second-deploys');
    writeFileSync(file('second-go'), '');
    await ends(second, 'SUCCESS');
  }, 40_000);

  test('one that is overtaken while it waits cancels itself; the one that deploys goes on', async () => {
    const first = await release('first', a);
    await whenExists('first-deploys');
    const second = await release('second', b);
    await says(second, 'waiting for build');
    const third = await release('third', c, false);
    await ends(second, 'CANCELLED');
    expect(await cloud.logOf(second)).toContain(
      `overtaken by build ${idOf(third)} of commit ccccccc, which was pushed later: this build cancels itself`,
    );
    expect(await readCancellation(cloud.bucket, idOf(second))).toEqual({ by: idOf(third), commit: c });
    expect(existsSync(file('second-deploys'))).toBe(false);
    expect(await statusOf(first)).toBe('WORKING');
    for (const name of ['first-go', 'third-tested', 'third-go']) writeFileSync(file(name), '');
    await ends(third, 'SUCCESS');
    expect(await statusOf(first)).toBe('SUCCESS');
  }, 40_000);

  test('a build that has died holds nothing', async () => {
    const first = await release('first', a);
    await whenExists('first-deploys');
    const second = await release('second', b);
    await says(second, 'waiting for build');
    await cloud.builds.cancel(first);
    await whenExists('second-deploys');
  }, 40_000);
});

describe('builder await-turn', () => {
  // Every pause is a minute or more, so that half an hour is a few looks.
  const around = (): TestSurroundings => {
    const here = surroundings(cloud.folder, cloud.origin);
    return { ...here, sleep: (milliseconds) => here.sleep(milliseconds * 20) };
  };
  const turnOf = async (build: string, yaml = pipelineYaml): Promise<{ exitCode: number; text: string }> => {
    writeFileSync(file('pipeline.yaml'), yaml);
    const here = around();
    const exitCode = await runBuilder(['await-turn', `--build=${build}`, '--environment=local'], here);
    return { exitCode, text: here.printed.join('\n') };
  };
  const sleeping = (commit: string, part: { purpose?: 'checks' | 'release' } = {}): Promise<string> =>
    cloud.submit({ purpose: 'release', commit, script: '#!/bin/sh\nexec sleep 60\n', ...part });

  test('gives up after half an hour, and names what is in its way', async () => {
    const first = await sleeping(a);
    const { exitCode, text } = await turnOf(await sleeping(b));
    expect(text).toContain(
      `builder await-turn failed: this release has waited 1800 s for build ${idOf(first)} of commit aaaaaaa, which is WORKING; wait for its end or cancel it`,
    );
    expect(exitCode).toBe(1);
  });

  test('a member of a release set waits on: the others of its commit would be held back with it', async () => {
    await sleeping(a);
    const second = await sleeping(b);
    await cloud.submit({
      purpose: 'release',
      service: 'web',
      commit: b,
      script: '#!/bin/sh\nexec sleep 60\n',
    });
    await sleeping(c);
    const { text } = await turnOf(second, `${pipelineYaml}releaseSets: [[api, web]]\n`);
    expect(text).toContain('has waited 1800 s');
    expect(await statusOf(second)).toBe('WORKING');
    const { exitCode, text: alone } = await turnOf(second);
    expect(alone).toContain('overtaken by build');
    expect(await statusOf(second)).toBe('CANCELLED');
    // The process is not one of the build here, so that it lives on; it must not report success.
    expect(alone).toContain('Cloud Build has not ended this build within 120 s: it fails instead');
    expect(exitCode).toBe(1);
  });

  test('a rerun has the place of its commit: the record says it, and is waited for', async () => {
    const first = await sleeping(a);
    await cloud.builds.cancel(first);
    const second = await sleeping(b);
    const rerun = await sleeping(a);
    const { exitCode, text } = await turnOf(rerun);
    expect(text).toContain('waiting for the record of this rerun');
    expect(exitCode).toBe(1);

    const [build, original] = [await cloud.builds.get(rerun), await cloud.builds.get(first)];
    if (!build || !original) throw new Error('a build is gone');
    const record = newRelease(build, {
      service: 'api',
      commit: a,
      at: build.createTime,
      orderedAt: original.createTime,
    });
    const time = { now: () => new Date(), sleep: () => Promise.resolve() };
    await openLedger(cloud.bucket, time).create(record);
    expect((await turnOf(rerun)).text).toContain(`overtaken by build ${idOf(second)}`);
    expect(await statusOf(rerun)).toBe('CANCELLED');
    expect((await turnOf(second)).text).toBe('it is the turn of this release');
  });

  test.each([
    ['--build=11111111', 2, '--build must have the form projects/PROJECT/locations/REGION/builds/ID'],
    [
      '--build=projects/test-project/locations/europe-west1/builds/absent',
      1,
      'does not exist; --build has to name the build that the step is of',
    ],
  ])('%s is refused with %i', async (option, code, reason) => {
    const here = around();
    expect(await runBuilder(['await-turn', option, '--environment=local'], here)).toBe(code);
    expect(here.printed.join('\n')).toContain(reason);
  });

  test('a build that is no release has no turn', async () => {
    const { exitCode, text } = await turnOf(await sleeping(a, { purpose: 'checks' }));
    expect(text).toContain('does not say which release it is; start it by its trigger');
    expect(exitCode).toBe(1);
  });
});
