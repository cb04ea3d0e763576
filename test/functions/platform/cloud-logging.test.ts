import { beforeEach, expect, test } from '@jest/globals';
import { openLogging, type CloudLogging } from '../../../functions/platform/cloud-logging.ts';
import type { GoogleApi } from '../../../functions/platform/google-api.ts';

let filters: string[];
let logging: CloudLogging;
beforeEach(() => {
  filters = [];
  const api: Pick<GoogleApi, 'request'> = {
    async request(_service, _path, options) {
      const { filter } = options?.json as { filter: string };
      filters.push(filter);
      const textPayload = filter.includes('varlog/system') ? 'Container called exit(1).' : 'Error: no';
      return Response.json({ entries: [{ timestamp: '2026-01-01T00:00:00Z', textPayload }] });
    },
  };
  logging = openLogging(api as GoogleApi, 'p');
});

test('what the platform says and what the container wrote are two reads', async () => {
  expect(await logging.revision('api', 'api-1', 200)).toEqual({
    system: [{ at: '2026-01-01T00:00:00Z', text: 'Container called exit(1).' }],
    container: ['Error: no'],
  });
  expect(filters).toHaveLength(2);
});

test('the lines of the container are not fetched where only the platform is asked', async () => {
  expect(await logging.revision('api', 'api-1', 200, 'system')).toMatchObject({ container: [] });
  expect(filters).toEqual([expect.stringContaining('varlog/system')]);
});
