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

  test('of a branch only the pages are read that somebody asks for, empty ones and quota errors among them', async () => {
    const quota = { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded' } };
    const answers: [number, object][] = [
      ...Array.from({ length: 12 }, (_, index): [number, object] => [200, { nextPageToken: `e${index}` }]),
      [429, quota],
      [200, { builds: [{ id: 'a' }, { id: 'b' }], nextPageToken: 'next' }],
      [200, { builds: [{ id: 'c' }] }],
    ];
    const asked: URLSearchParams[] = [];
    const server = createServer((request, response) => {
      asked.push(new URL(request.url ?? '/', 'http://localhost').searchParams);
      const [status, body] = answers.shift() ?? [500, {}];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const api = createGoogleApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const builds = openBuilds(api, 'p', 'l').ofBranch('a "b"', { _PURPOSE: 'push' });
      const seen: string[] = [];
      for await (const { id } of builds) {
        seen.push(id);
        if (id === 'b') {
          expect(answers).toHaveLength(1);
          expect(asked.at(-1)?.get('pageToken')).toBe('e11');
        }
      }
      expect(seen).toEqual(['a', 'b', 'c']);
      expect(asked.at(-1)?.get('pageToken')).toBe('next');
      const filter = String.raw`substitutions.BRANCH_NAME="a \"b\"" AND substitutions._PURPOSE="push"`;
      expect(new Set(asked.map((each) => each.get('filter')))).toEqual(new Set([filter]));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
