import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Script } from 'node:vm';
import { startLocalCloud, type LocalCloud } from '../../../local/cloud.ts';
import { ApiFailure } from '../../../local/console/browser/api.ts';
import { collections, newestEntries, type Place } from '../../../local/console/browser/collections.ts';
import { consolePage } from '../../../local/console/console-page.ts';

let cloud: LocalCloud;
let place: Place;
const stateFolder = mkdtempSync(path.join(tmpdir(), 'slipway-console-'));

beforeAll(async () => {
  cloud = await startLocalCloud({
    port: 0,
    stateFolder,
    fresh: false,
    projectId: 'test-project',
    region: 'europe-west1',
    log: () => undefined,
  });
  place = { origin: cloud.origin, project: 'test-project', region: 'europe-west1' };
});
afterAll(async () => {
  await cloud.stop();
  rmSync(stateFolder, { recursive: true, force: true });
});

async function call(url: string, body: object): Promise<void> {
  const answer = await fetch(`${cloud.origin}${url}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(await answer.text()).not.toContain('"error"');
}

describe.each(['/', '/console/logs?query=severity%3E%3DERROR'])('the page at %s', (url) => {
  test('is one document whose policy lets only its own script run', async () => {
    const answer = await fetch(`${cloud.origin}${url}`);
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const nonce = /script-src 'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy') ?? '')?.[1];
    expect(page.match(/<script\b[^>]*>/g)).toEqual([`<script nonce="${nonce ?? ''}">`]);
    expect(page.match(/<style\b[^>]*>/g)).toEqual([`<style nonce="${nonce ?? ''}">`]);
    expect(page).not.toMatch(/<[^>]+\s(src|href)="(?!data:|\/)/);
    expect(page).toContain('data-project="test-project" data-region="europe-west1"');
    const script = /<script[^>]*>([\s\S]*)<\/script>/.exec(page)?.[1] ?? '';
    expect(() => new Script(script)).not.toThrow();
    expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write/);
  });

  test('has a nonce of its own each time', async () => {
    const policies = await Promise.all(
      [1, 2].map(async () => (await fetch(`${cloud.origin}${url}`)).headers.get('content-security-policy')),
    );
    expect(policies[0]).not.toBe(policies[1]);
  });
});

test('metadata clients recognise the address', async () => {
  expect((await fetch(cloud.origin)).headers.get('metadata-flavor')).toBe('Google');
});

test('names cannot leave their place in the page', () => {
  const page = consolePage({
    view: 'overview',
    projectId: '"><b>&',
    region: "'<",
    style: '',
    script: '',
    nonce: 'n',
  });
  expect(page).toContain('data-project="&quot;&gt;&lt;b&gt;&amp;" data-region="&#39;&lt;"');
  expect(page).not.toContain('<b>&');
});

describe('what the pages read', () => {
  const read: (keyof typeof collections)[] = [
    'services',
    'builds',
    'alerts',
    'functions',
    'subscriptions',
    'secrets',
  ];

  test.each(read)('%s: an empty cloud has none', async (name) => {
    expect(await collections[name](place)).toEqual([]);
  });

  test('secrets: their names', async () => {
    await call('/v1/projects/test-project/secrets?secretId=token', { replication: { automatic: {} } });
    expect((await collections.secrets(place)).map(({ name }) => path.basename(name))).toEqual(['token']);
  });

  test('the newest entries that pass the query come first', async () => {
    const entry = { logName: 'projects/test-project/logs/x', resource: { type: 'global' } };
    await call('/v2/entries:write', {
      entries: ['first', 'second', 'third'].map((textPayload, index) => ({
        ...entry,
        textPayload,
        severity: textPayload === 'second' ? 'DEBUG' : 'ERROR',
        timestamp: new Date(Date.now() - 10_000 + index).toISOString(),
      })),
    });
    const found = await newestEntries(place, 'severity>=ERROR log_id("x")');
    expect(found.map(({ textPayload }) => textPayload)).toEqual(['third', 'first']);
  });

  test('a query that is none fails in the words of the API', async () => {
    const failure = await newestEntries(place, 'severity>=').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiFailure);
    expect(failure).toMatchObject({
      status: 400,
      message: expect.stringMatching(/^INVALID_ARGUMENT: .*severity/),
    });
  });
});
