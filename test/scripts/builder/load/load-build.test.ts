import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Build, BuildStep } from '../../../../local/build/build-types.ts';
import { validateBuildConfig } from '../../../../local/build/validate-build-config.ts';
import { bundleBuilder } from '../../../../scripts/builder/bundle-builder.ts';
import { parseJunit } from '../../../../scripts/builder/junit.ts';
import type { ObjectStore } from '../../../../local/core/links.ts';
import { createStorageRoom } from '../../../../local/storage/storage-room.ts';
import { slipwayFile, slipwayFolder } from '../../../cloudbuild/delivery-cloud.ts';
import { buildCloud, type BuildCloud } from '../../../local/build/support.ts';
import { startHttpServer, type HttpServer } from '../../../support/http-server.ts';
import { acceptWebSockets } from '../../../support/websocket-server.ts';

/*
 * The steps of the load test as cloudbuild/release.yaml has them, run by the local cloud's Cloud Build with the scripts of
 * the board against small services. Only what is in front of them differs: a candidate that is there already.
 */

const minute = 60_000;

let world: BuildCloud;
let folder = '';
let stored: ObjectStore | undefined;
const servers: HttpServer[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-load-build-'));
  await bundleBuilder(path.join(folder, 'builder.mjs'));
  world = await buildCloud({
    concurrency: 4,
    tools: path.join(slipwayFolder, 'scripts/k6/bin'),
    // In the place of Artifact Registry, which nothing here asks for: the reports are uploaded for real.
    createImages: (context) => {
      const { room, objects } = createStorageRoom(context);
      stored = objects;
      return { room, images: { resolve: () => undefined, list: () => [] }, shimFolder: folder };
    },
  });
  const made = await fetch(`${world.cloud.context.origin}/storage/v1/b?project=test-project`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"artifacts"}',
  });
  expect(made.status).toBe(200);
}, minute);
afterAll(async () => {
  await world.close();
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Answers as the api and streaming do, those requests late that `delayMs` says. */
async function service(delayMs: (method: string, path: string) => number): Promise<string> {
  const server = await startHttpServer((request, response) => {
    const { method = '', url = '' } = request;
    const [where = ''] = url.split('?');
    void sleep(delayMs(method, where)).then(() => {
      const status = method === 'POST' ? 400 : 200;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(where === '/messages' ? '{"messages":[{"id":1},{"id":2}]}' : '{"status":"ok"}');
    });
  });
  acceptWebSockets(server.server, '/stream', (client) => {
    client.onFrame((opcode, payload) => {
      if (opcode === 8) client.sendFrame(8, payload);
    });
    void sleep(delayMs('GET', '/stream')).then(() => {
      client.sendText('{"type":"ready","lastId":0}');
    });
  });
  servers.push(server);
  return server.url;
}

function releaseStep(id: string, substitutions: Readonly<Record<string, string>>): BuildStep {
  const validated = validateBuildConfig(slipwayFile('cloudbuild/release.yaml'), { file: 'release.yaml' });
  const step = 'build' in validated ? validated.build.steps?.find((each) => each.id === id) : undefined;
  if (!step) throw new Error(`release.yaml has no step ${id}`);
  const text = JSON.stringify(step).replaceAll(/\$\{(\w+)\}/g, (_, key: string) => substitutions[key] ?? '');
  return JSON.parse(text) as BuildStep;
}

/** On a connection of its own: one that is kept may be closed while the builds run. */
async function submit(steps: readonly BuildStep[]): Promise<string> {
  const response = await fetch(`${world.cloud.context.origin}/v1/projects/test-project/builds`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ steps }),
  });
  const { metadata } = (await response.json()) as { metadata?: { build?: { id?: string } } };
  return metadata?.build?.id ?? '';
}

interface Ended {
  readonly ended: Build;
  readonly log: string;
  report(name: string): string;
}

async function build(name: string, url: string | undefined, kind: string): Promise<Ended> {
  const from = (id: string): BuildStep =>
    releaseStep(id, { _SERVICE: name, _FOLDER: 'service', PROJECT_ID: 'test-project', BUILD_ID: name });
  const planFile = path.join(slipwayFolder, 'scripts/builder/load/load-plan-file.ts');
  const script = `test/k6/${name}.ts`;
  const write = `import(${JSON.stringify(planFile)}).then((file) => file.writeLoadPlan('.', ${JSON.stringify({ script, revision: `${name}-1`, url, profile: 'local' })}, ${JSON.stringify({ BASE_URL: url, LOAD_SCRIPT: script, PROFILE: 'local' })}))`;
  const { args = [], ...load } = from('load');
  const steps = [
    { name: 'ubuntu', args: ['sh', '-c', `mkdir -p test && cp -r '${slipwayFolder}/test/k6' test/`] },
    ...(url === undefined ? [] : [{ name: 'node:24', args: ['node', '-e', write] }]),
    { ...from('k6'), waitFor: [] },
    {
      ...load,
      name: 'node:24',
      waitFor: ['k6'],
      args: [path.join(folder, 'builder.mjs'), ...args.slice(0, -1), `--to=gs://artifacts/${name}-${kind}`],
    },
  ];
  const id = await submit(steps);
  const ended = await world.ended(id);
  return {
    ended,
    log: await world.logOf(id),
    report: (file) => stored?.get('artifacts', `${name}-${kind}/${file}`).toString() ?? '',
  };
}

const endOf = ({ steps = [] }: Build, id: string): unknown => steps.find((step) => step.id === id)?.status;

describe('the load test of a release', () => {
  test(
    'a service that answers at once passes, and says what measured it',
    async () => {
      const url = await service(() => 0);
      const [api, streaming] = await Promise.all([
        build('api', url, 'quick'),
        build('streaming', url, 'quick'),
      ]);
      for (const { ended, log, report } of [api, streaming]) {
        expect(log).toMatch(/"load": load passed: \d thresholds hold/);
        expect([ended.status, endOf(ended, 'k6'), endOf(ended, 'load')]).toEqual(Array(3).fill('SUCCESS'));
        expect(parseJunit(report('load.junit.xml')).filter(({ outcome }) => outcome !== 'passed')).toEqual(
          [],
        );
        expect(report('load.md')).toMatch(/^# Load: passed\n/);
        // Whichever it was, the step and the report agree.
        const isK6 = !log.includes("using Slipway's own runner of a subset of it");
        expect(report('load.md')).toContain(isK6 ? 'Measured by k6.' : "Slipway's own runner of k6 scripts");
        expect(JSON.parse(report('load.json'))).toHaveProperty('metrics');
        expect(log).not.toContain('could not be uploaded');
      }
    },
    minute,
  );

  /** Each with the threshold that is named first for it. */
  const slowness: readonly (readonly [
    name: 'api' | 'streaming',
    slow: (method: string, path: string) => boolean,
    threshold: string,
  ])[] = [
    [
      'api',
      (method, where) => method === 'GET' && where === '/messages',
      'http_req_duration{name:GET /messages}: p(95)<1500, measured p(95)=2',
    ],
    // What is refused costs time too.
    [
      'api',
      (method) => method === 'POST',
      'http_req_duration{name:POST /messages}: p(95)<1500, measured p(95)=2',
    ],
    [
      'streaming',
      (_method, where) => where === '/stream',
      'stream_first_frame: p(95)<1500, measured p(95)=2',
    ],
  ];

  test(
    'two seconds at one endpoint, or before the first frame, fail the build, which names the threshold and the value',
    async () => {
      const all = slowness.map(async ([name, slow, threshold], index) => {
        const url = await service((...asked) => (slow(...asked) ? 2000 : 0));
        return { name, threshold, url, ...(await build(name, url, `slow-${index}`)) };
      });
      for (const { name, threshold, url, ended, log, report } of await Promise.all(all)) {
        expect(log).toContain(`"load": at the first try: ${threshold}`);
        expect(log).toContain(`"load": load failed: ${threshold}`);
        expect(log).toContain(
          `this build fails, and ${name}-1 gets no traffic. The same here: PROFILE=local BASE_URL=${url} npm run load -- test/k6/${name}.ts`,
        );
        expect([ended.status, endOf(ended, 'k6'), endOf(ended, 'load')]).toEqual(Array(3).fill('FAILURE'));
        expect(ended.statusDetail).toContain('step exited with non-zero status: 99');
        expect(report('load.md')).toMatch(/^# Load: FAILED\n/);
        expect(report('load.md')).toContain(`- ${threshold}`);
        expect(parseJunit(report('load.junit.xml'))).toContainEqual(
          expect.objectContaining({ outcome: 'failed', message: expect.stringMatching(/^p\(95\)=2\d{3}/) }),
        );
      }
    },
    minute,
  );

  test(
    'what was slow only at first passes at the second try, and the report says so',
    async () => {
      // The machine stands still: all that is asked in the first seconds waits for the end of them.
      const began = { at: 0 };
      const url = await service((_method, where) => {
        if (where !== '/messages') return 0;
        began.at = began.at === 0 ? Date.now() : began.at;
        return Math.max(0, began.at + 2500 - Date.now());
      });
      const { ended, log, report } = await build('api', url, 'standstill');
      expect(log).toContain('"load": at the first try: http_req_duration{name:GET /messages}: p(95)<1500');
      expect(log).toMatch(/"load": load passed at the second try: \d thresholds hold/);
      expect(report('load.md')).toContain('This is the second try. The first one crossed:\n');
      expect([ended.status, endOf(ended, 'k6')]).toEqual(['SUCCESS', 'SUCCESS']);
    },
    minute,
  );

  test(
    'an address where nobody answers fails the build',
    async () => {
      const { ended, log } = await build('api', 'http://127.0.0.1:9', 'nobody');
      expect(ended.status).toBe('FAILURE');
      expect(log).toMatch(/load failed: checks: rate>0\.99, measured rate=0/);
    },
    minute,
  );

  test(
    'no script: nothing runs, nothing fails',
    async () => {
      const { ended, log } = await build('web', undefined, 'none');
      expect(ended.status).toBe('SUCCESS');
      expect(log).toContain('"k6": nothing to test');
      expect(log).toContain('"load": web has no load test');
    },
    minute,
  );
});
