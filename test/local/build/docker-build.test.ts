import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createImagesRoom } from '../../../local/images/images-room.ts';
import { buildCloud, type BuildCloud } from './support.ts';

let world: BuildCloud;
beforeAll(async () => {
  world = await buildCloud({ createImages: createImagesRoom });
});
afterAll(async () => {
  await world.close();
});

const repository = 'projects/test-project/locations/europe-west1/repositories';
const config = `
steps:
- name: gcr.io/cloud-builders/docker
  args: [build, -t, '\${_IMAGE}', '.']
- name: gcr.io/cloud-builders/docker
  args: [push, '\${_IMAGE}']
- name: \${_IMAGE}
  args: [from, the, build]
- name: node:24
  args: [app.js, in, the, workspace]
images: ['\${_IMAGE}']
substitutions:
  _IMAGE: \${LOCATION}-docker.pkg.dev/\${PROJECT_ID}/slipway/web:\${SHORT_SHA}
`;

test('a push is built with the real docker, its image pushed, found by digest, and run as a builder', async () => {
  await fetch(`${world.cloud.context.origin}/v1/${repository}?repositoryId=slipway`, {
    method: 'POST',
    body: JSON.stringify({ format: 'DOCKER' }),
  });
  const parent = 'projects/test-project/locations/europe-west1';
  await world.client.createBuildTrigger({
    parent,
    projectId: 'test-project',
    trigger: {
      name: 'image',
      github: { owner: 'acme', name: 'shop', push: { branch: '^main$' } },
      filename: 'cloudbuild.yaml',
    },
  });
  world.repository.commit({
    'cloudbuild.yaml': config,
    'app.js': 'console.log(process.argv.slice(2).join(" "), process.cwd().endsWith("workspace"));\n',
    Dockerfile: 'FROM node:24-slim\nWORKDIR /app\nCOPY app.js ./\nENTRYPOINT ["node", "/app/app.js"]\n',
  });
  world.repository.push();
  const { id } = await world.message(({ status }) => status === 'QUEUED');
  const build = await world.ended(id);
  const log = await world.logOf(id);
  expect({ status: build.status, log }).toEqual({ status: 'SUCCESS', log: expect.any(String) });
  expect(log).toContain('Step #2: from the build true');
  expect(log).toContain('Step #3: in the workspace true');
  const [image] = build.results?.images ?? [];
  expect(image?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(build.results?.buildStepImages?.[2]).toBe(image?.digest);
}, 30_000);
