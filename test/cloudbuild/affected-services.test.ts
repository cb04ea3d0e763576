import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openBuilds } from '../../functions/platform/cloud-build.ts';
import { createGoogleApi } from '../../functions/platform/google-api.ts';
import { siblingsOf } from '../../functions/release/same-commit.ts';
import { filesPass } from '../../local/build/path-globs.ts';
import { loadPipeline } from '../../scripts/pipeline/load.ts';
import type { Pipeline } from '../../scripts/pipeline/pipeline.ts';
import { triggersOf } from '../../scripts/pipeline/triggers.ts';
import { buildCloud, type BuildCloud } from '../local/build/support.ts';
import { slipwayFile, slipwayFolder } from './delivery-cloud.ts';

function pipelineOf(text: string): Pipeline {
  const loaded = loadPipeline(text, { file: 'pipeline.yaml', environment: 'local' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.pipeline;
}

/** Three services, two of which share a folder, and one another with the third. */
const shop = pipelineOf(`
project: test-project
region: europe-west1
repository: acme/shop
services:
  api: { folder: services/api, dependsOn: [packages/shared/**, packages/schema/*.sql] }
  web: { folder: services/web, dependsOn: [packages/shared/**] }
  worker: { folder: services/worker, dependsOn: [packages/schema/**] }
`);
const config = 'steps:\n- name: ubuntu\n  args: ["true"]\n';

describe('a push builds what it affects, and no more', () => {
  const parent = 'projects/test-project/locations/europe-west1';
  const fence = 'fence';
  let world: BuildCloud;

  beforeAll(async () => {
    world = await buildCloud({ concurrency: 4 });
    const files = [...new Set(triggersOf(shop).map(({ filename }) => filename))];
    world.repository.commit(Object.fromEntries(files.map((file) => [file, config])), 'first');
    world.repository.push();
    world.repository.push('refs/heads/feature');
    for (const trigger of triggersOf(shop))
      await world.client.createBuildTrigger({
        parent,
        trigger: { ...trigger, includedFiles: [...trigger.includedFiles], tags: [...trigger.tags] },
      });
    // Pushes are worked off in their order: once the build of this one is there, those of the one before are too.
    await world.client.createBuildTrigger({
      parent,
      trigger: {
        name: fence,
        github: { owner: 'acme', name: 'shop', push: { tag: `^${fence}-` } },
        build: { steps: [{ name: 'ubuntu', args: ['true'] }] },
      },
    });
  }, 30_000);
  afterAll(() => world.close());

  test.each<[string, string[], string[]]>([
    ['a folder that two share', ['packages/shared/src/log.ts'], ['api', 'web']],
    ['a folder that is shared by other globs', ['packages/schema/1.sql'], ['api', 'worker']],
    ['a file of it that one of the globs leaves out', ['packages/schema/old/0.sql'], ['worker']],
    ['one service', ['services/web/page.ts'], ['web']],
    [
      'one service and a shared folder',
      ['services/worker/a.ts', 'packages/shared/b.ts'],
      ['api', 'web', 'worker'],
    ],
    ['a folder that nobody has declared', ['packages/shared-not/a.ts'], []],
    ['what belongs to no service', ['README.md'], []],
    ['the pipeline itself', ['pipeline.yaml'], ['api', 'web', 'worker']],
  ])(
    '%s',
    async (what, changed, affected) => {
      const commit = world.repository.commit(Object.fromEntries(changed.map((file) => [file, `${what}\n`])));
      for (const ref of ['heads/feature', 'heads/main', `tags/${fence}-${commit}`])
        world.repository.push(`refs/${ref}`);
      await world.message(({ substitutions }) => substitutions?.TAG_NAME === `${fence}-${commit}`);
      const api = createGoogleApi(world.cloud.context.origin);
      const builds = await openBuilds(api, 'test-project', 'europe-west1').ofCommit(commit);
      const built = builds.flatMap(({ substitutions: { _SERVICE, _PURPOSE = '' } }) =>
        _SERVICE === undefined ? [] : [`${_SERVICE} ${_PURPOSE}`],
      );
      expect(built.sort()).toEqual(
        affected.flatMap((service) => [`${service} checks`, `${service} release`]),
      );
      // Which services a release goes out together with is read from the same builds.
      for (const service of affected)
        expect(siblingsOf(builds, service, 'acme/shop')).toEqual(affected.filter((each) => each !== service));
    },
    30_000,
  );
});

describe('pipeline.yaml', () => {
  const pipeline = pipelineOf(slipwayFile('pipeline.yaml'));

  /** Files that a service's build reads, some outside of its folder: packages in the repository, tests of its candidate. */
  function filesRead(service: string, folder: string): string[] {
    const manifest = JSON.parse(slipwayFile(`${folder}/package.json`)) as Record<string, object | undefined>;
    const packages = ['dependencies', 'devDependencies'].flatMap((kind) =>
      Object.values(manifest[kind] ?? {}).flatMap((version: string) =>
        version.startsWith('file:') ? path.posix.join(folder, version.slice('file:'.length)) : [],
      ),
    );
    const has = (file: string): boolean => existsSync(path.join(slipwayFolder, file));
    return [
      ...[folder, ...packages].flatMap((each) => [`${each}/package.json`, `${each}/src/deeper/file.ts`]),
      ...(has(`test/smoke/${service}`)
        ? [`test/smoke/${service}/page.spec.ts`, 'test/smoke/settings.ts']
        : []),
      ...(has(`test/k6/${service}.ts`) ? [`test/k6/${service}.ts`, 'test/k6/lib/file.ts'] : []),
    ];
  }

  test.each(Object.entries(pipeline.services))(
    '%s is built when what it reads changes',
    (name, { folder }) => {
      const triggers = triggersOf(pipeline).filter(({ substitutions }) => substitutions._SERVICE === name);
      expect(triggers).toHaveLength(2);
      const started = (file: string): string[] =>
        triggers.filter(({ includedFiles }) => filesPass([file], { includedFiles })).map((each) => each.name);
      for (const file of filesRead(name, folder))
        expect({ file, starts: started(file) }).toEqual({
          file,
          starts: [`${name}-checks`, `${name}-release`],
        });
    },
  );

  test('a change of one service builds no other', () => {
    for (const [name, { folder }] of Object.entries(pipeline.services))
      expect(
        triggersOf(pipeline)
          .filter(({ includedFiles }) => filesPass([`${folder}/src/file.ts`], { includedFiles }))
          .map(({ substitutions }) => substitutions._SERVICE),
      ).toEqual([name, name]);
  });
});
