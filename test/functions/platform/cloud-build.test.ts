import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openBuilds } from '../../../functions/platform/cloud-build.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';

describe('Cloud Build', () => {
  test('a quota error while a build is read is no news of the build (trap 8)', async () => {
    const quota = { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded' } };
    const build = { id: 'b', name: 'projects/p/locations/l/builds/b', status: 'SUCCESS' };
    const answers: [number, object][] = [
      [429, quota],
      [200, build],
      [429, quota],
      [200, { builds: [build] }],
      [404, { error: { code: 404, status: 'NOT_FOUND', message: 'none' } }],
    ];
    const server = createServer((_, response) => {
      const [status, body] = answers.shift() ?? [500, {}];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const api = createGoogleApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const builds = openBuilds(api, 'p', 'l');
      expect(await builds.get(build.name)).toMatchObject({ status: 'SUCCESS' });
      expect(await builds.ofCommit('a'.repeat(40))).toMatchObject([{ id: 'b' }]);
      expect(await builds.get('projects/p/locations/l/builds/absent')).toBeUndefined();
      expect(answers).toEqual([]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
