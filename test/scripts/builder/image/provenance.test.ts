import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createStorageRoom } from '../../../../local/storage/storage-room.ts';
import { readLockedPackages, withoutDevelopment } from '../../../../scripts/builder/image/sbom.ts';
import { runBuilder } from '../../../../scripts/builder/run-builder.ts';
import { testCloud, type TestCloud } from '../../../support/cloud-context.ts';
import { surroundings } from '../builder-surroundings.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const imageSha256 = 'd'.repeat(64);
const commit = '0123456789abcdef0123456789abcdef01234567';
const prefix = 'api/b-1';

/** `shared` is needed by what is delivered, and by what is only used for development. */
const ownPackage = {
  name: 'shop-api',
  version: '1.0.0',
  dependencies: { shared: '^1.0.0' },
  devDependencies: { tool: '^2.0.0' },
};
const integrity = `sha512-${Buffer.alloc(64, 7).toString('base64')}`;
const lockFile = JSON.stringify({
  name: 'shop-api',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': ownPackage,
    'node_modules/shared': { version: '1.0.1', integrity, license: 'MIT' },
    'node_modules/tool': { version: '2.0.0', integrity, dev: true, dependencies: { shared: '^1.0.0' } },
  },
});
const baseDigest = 'a'.repeat(64);

let cloud: TestCloud;
let folder = '';
beforeAll(async () => {
  cloud = await testCloud();
  await cloud.serve([createStorageRoom(cloud.context).room]);
  await fetch(`${cloud.context.origin}/storage/v1/b?project=test-project`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'artifacts' }),
  });
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-provenance-'));
  const write = async (name: string, content: string): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  };
  await write('services/api/package.json', JSON.stringify(ownPackage));
  await write('services/api/package-lock.json', lockFile);
  await write(
    'services/api/Dockerfile',
    `FROM node:24-slim@sha256:${baseDigest} AS build\nFROM scratch\nCOPY --from=build /a /a\n`,
  );
  await write('cloudbuild/release.yaml', 'steps: []\n');
  await write('image', `europe-west1-docker.pkg.dev/shop/slipway/api@sha256:${imageSha256}\n`);
  await write(
    'pipeline.yaml',
    'project: shop-project\nregion: europe-west1\nrepository: acme/shop\nservices:\n  api: { folder: services/api }\n',
  );
});
afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

async function provenance(to = `gs://artifacts/${prefix}`): Promise<{ exitCode: number; text: string }> {
  const around = surroundings(folder, cloud.context.origin);
  const exitCode = await runBuilder(
    [
      ...['provenance', '--service=api', '--environment=local', '--folder=services/api/'],
      ...['--image-file=image', '--config=cloudbuild/release.yaml', `--commit=${commit}`, '--build=b-1'],
      `--to=${to}`,
    ],
    around,
  );
  return { exitCode, text: around.printed.join('\n') };
}
const kept = async (ending: string): Promise<string> => {
  const object = encodeURIComponent(`${prefix}/sha256-${imageSha256}.${ending}`);
  return (await fetch(`${cloud.context.origin}/storage/v1/b/artifacts/o/${object}?alt=media`)).text();
};
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('keeps packages and provenance under the digest of the image', async () => {
  const { exitCode, text } = await provenance();
  expect(text).toBe(
    `packages    1: gs://artifacts/${prefix}/sha256-${imageSha256}.cdx.json\n` +
      `provenance  not signed: gs://artifacts/${prefix}/sha256-${imageSha256}.provenance.json`,
  );
  expect(exitCode).toBe(0);

  const sbom = await kept('cdx.json');
  expect(JSON.parse(sbom)).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: {
      component: { purl: 'pkg:npm/shop-api@1.0.0' },
      properties: [
        {
          name: 'slipway:image',
          value: `europe-west1-docker.pkg.dev/shop/slipway/api@sha256:${imageSha256}`,
        },
        { name: 'slipway:source', value: `git+https://github.com/acme/shop@${commit}` },
        { name: 'slipway:build', value: 'projects/shop-project/locations/europe-west1/builds/b-1' },
        { name: 'slipway:scope' },
      ],
    },
    components: [{ purl: 'pkg:npm/shared@1.0.1', hashes: [{ alg: 'SHA-512' }] }],
    dependencies: [
      { ref: 'shop-api@1.0.0', dependsOn: ['shared@1.0.1'] },
      { ref: 'shared@1.0.1', dependsOn: [] },
    ],
  });

  const source = 'git+https://github.com/acme/shop';
  expect(JSON.parse(await kept('provenance.json'))).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'europe-west1-docker.pkg.dev/shop/slipway/api', digest: { sha256: imageSha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: expect.stringMatching(/^https:/),
        externalParameters: {
          source: { uri: source, digest: { gitCommit: commit } },
          config: 'cloudbuild/release.yaml',
          substitutions: { _SERVICE: 'api', _ENVIRONMENT: 'local', _FOLDER: 'services/api' },
        },
        internalParameters: {},
        resolvedDependencies: [
          { uri: source, digest: { gitCommit: commit } },
          {
            name: 'cloudbuild/release.yaml',
            uri: `${source}#cloudbuild/release.yaml`,
            digest: { sha256: sha256('steps: []\n') },
          },
          {
            name: 'services/api/package-lock.json',
            uri: `${source}#services/api/package-lock.json`,
            digest: { sha256: sha256(lockFile) },
          },
          { uri: `oci://node:24-slim@sha256:${baseDigest}`, digest: { sha256: baseDigest } },
        ],
      },
      runDetails: {
        // A cloud of one's own does not pass for Google's.
        builder: { id: cloud.context.origin },
        metadata: {
          invocationId: 'projects/shop-project/locations/europe-west1/builds/b-1',
          slipway_signature: expect.stringContaining('not signed'),
        },
        byproducts: [
          {
            name: 'sbom',
            uri: `gs://artifacts/${prefix}/sha256-${imageSha256}.cdx.json`,
            digest: { sha256: sha256(sbom) },
            mediaType: 'application/vnd.cyclonedx+json',
          },
        ],
      },
    },
  });
});

test('what cannot be kept fails the step', async () => {
  const { exitCode, text } = await provenance('gs://no-such-bucket');
  expect(text).toContain('builder provenance failed: writing gs://no-such-bucket/');
  expect(exitCode).toBe(1);
});

describe('packages of the services', () => {
  test.each([
    ['api', 'pg'],
    ['streaming', 'ws'],
  ])('%s', async (service, name) => {
    const [folder, linked] = [service, 'telemetry'].map((each) => path.join(root, 'services', each));
    const bom = withoutDevelopment(await readLockedPackages(folder ?? '', [linked ?? '']));
    const names = bom.components.map((component) => component.name);
    expect(names).toContain(name);
    expect(names).toContain('pg-types');
    expect(names).not.toContain('typescript');
    expect(names).not.toContain('@types/pg');
  });

  test('a folder without lock file', async () => {
    await mkdir(path.join(folder, 'empty'), { recursive: true });
    await writeFile(path.join(folder, 'empty/package.json'), '{}');
    await expect(readLockedPackages(path.join(folder, 'empty'))).rejects.toThrow(/npm sbom failed in .*lock/);
  });
});
