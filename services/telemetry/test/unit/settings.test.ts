import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSettings } from '../../src/settings.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

const attributesOf = (env: Record<string, string>) =>
  readSettings({ ...endpoint, ...env }, 'api').otlp?.attributes;

describe('readSettings', () => {
  test('nothing configured: nothing on', () => {
    const nothing = { otlp: undefined, sentry: undefined, problems: { otlp: [], sentry: [] } };
    assert.deepEqual(readSettings({}, 'api'), nothing);
    assert.deepEqual(readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: '', SENTRY_DSN: '' }, 'api'), nothing);
    assert.deepEqual(readSettings({ ...endpoint, OTEL_SDK_DISABLED: 'true' }, 'api'), nothing);
    assert.deepEqual(
      readSettings({ ...endpoint, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' }, 'api'),
      nothing,
    );
  });

  test('one endpoint for all: its signals have paths of their own; logs only when asked for', () => {
    const { otlp } = readSettings({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b,y=1' }, 'api');
    assert.deepEqual(Object.keys(otlp?.targets ?? {}), ['traces', 'metrics']);
    assert.deepEqual(otlp?.targets.traces, {
      url: 'http://127.0.0.1:4318/v1/traces',
      headers: { 'x-key': 'a b', y: '1' },
      protocol: 'http/protobuf',
      gzip: false,
      timeoutMs: 10_000,
      google: false,
    });
    const { otlp: withLogs } = readSettings({ ...endpoint, OTEL_LOGS_EXPORTER: 'otlp' }, 'api');
    assert.equal(withLogs?.targets.logs?.url, 'http://127.0.0.1:4318/v1/logs');
  });

  test("a signal's own variables go before those of all, and its endpoint is taken as it stands", () => {
    const { otlp } = readSettings(
      {
        ...endpoint,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://elsewhere/in',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '500',
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      },
      'api',
    );
    const { url, protocol, timeoutMs, gzip } = otlp?.targets.traces ?? {};
    assert.deepEqual([url, protocol, timeoutMs, gzip], ['https://elsewhere/in', 'http/json', 500, true]);
    assert.equal(otlp?.targets.metrics?.protocol, 'http/protobuf');
  });

  const google: readonly [string, Record<string, string>, boolean][] = [
    ['https://telemetry.googleapis.com', {}, true],
    ['http://telemetry.googleapis.com', {}, false],
    ['https://telemetry.googleapis.com.example', {}, false],
    ['http://127.0.0.1:4600', { CLOUD_API_ENDPOINT: 'http://127.0.0.1:4600' }, true],
    ['http://127.0.0.1:4601', { CLOUD_API_ENDPOINT: 'http://127.0.0.1:4600' }, false],
  ];
  for (const [url, env, expected] of google) {
    test(`${url} ${JSON.stringify(env)}: ${expected ? '' : 'not '}shown the account`, () => {
      const { otlp } = readSettings({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: url }, 'api');
      assert.equal(otlp?.targets.traces?.google, expected);
    });
  }

  test('who it is: from the platform, and what the variables say before that', () => {
    const platform = { K_SERVICE: 'api-prod', K_REVISION: 'api-1', COMMIT_SHA: 'abc' };
    assert.deepEqual(attributesOf({}), { 'service.name': 'api' });
    assert.deepEqual(attributesOf(platform), {
      'service.name': 'api-prod',
      'service.version': 'abc',
      'faas.version': 'api-1',
      'cloud.provider': 'gcp',
      'cloud.platform': 'gcp_cloud_run',
      'faas.name': 'api-prod',
    });
    assert.deepEqual(
      attributesOf({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,team=b%2Cc', OTEL_SERVICE_NAME: 'c' }),
      {
        'service.name': 'c',
        team: 'b,c',
      },
    );
  });

  const samplers: readonly [string | undefined, string | undefined, object][] = [
    [undefined, undefined, { root: 'on', followParent: true }],
    ['always_off', undefined, { root: 'off', followParent: false }],
    ['traceidratio', '0.25', { root: { ratio: 0.25 }, followParent: false }],
    ['parentbased_traceidratio', '0', { root: { ratio: 0 }, followParent: true }],
  ];
  for (const [sampler, arg, expected] of samplers) {
    test(`sampler ${sampler} ${arg}`, () => {
      const env = { ...endpoint, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: arg };
      assert.deepEqual(readSettings(env, 'api').otlp?.sampling, expected);
    });
  }

  const broken: readonly [Record<string, string>, string][] = [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '§ nonsense' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'file:///etc/passwd' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '4318' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'nonsense' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=%zz' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=b%0d%0ac: d' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: 'soon' }, 'OTEL_EXPORTER_OTLP_TIMEOUT'],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'brotli' }, 'OTEL_EXPORTER_OTLP_COMPRESSION'],
    [{ OTEL_TRACES_EXPORTER: 'jaeger' }, 'OTEL_TRACES_EXPORTER'],
    [{ OTEL_TRACES_SAMPLER: 'sometimes' }, 'OTEL_TRACES_SAMPLER'],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG'],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'nonsense' }, 'OTEL_RESOURCE_ATTRIBUTES'],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '-1' }, 'OTEL_METRIC_EXPORT_INTERVAL'],
    [{ OTEL_BSP_SCHEDULE_DELAY: '9999999' }, 'OTEL_BSP_SCHEDULE_DELAY'],
  ];
  for (const [env, name] of broken) {
    test(`${JSON.stringify(env)}: all of it off, and ${name} is named without its value`, () => {
      const { otlp, problems } = readSettings({ ...endpoint, ...env }, 'api');
      assert.equal(otlp, undefined);
      assert.ok(problems.otlp.length > 0);
      for (const problem of problems.otlp) {
        assert.ok(problem.startsWith(`${name} is `), problem);
        assert.ok(!problem.includes(Object.values(env)[0] ?? ''), problem);
      }
    });
  }

  test('Sentry: release and environment from the platform unless they are told', () => {
    const SENTRY_DSN = 'https://abc123@o1.ingest.sentry.example/42';
    const of = (env: Record<string, string>) => readSettings({ SENTRY_DSN, ...env }, 'api').sentry;
    assert.deepEqual(of({}), {
      dsn: { text: SENTRY_DSN, host: 'o1.ingest.sentry.example' },
      release: undefined,
      environment: 'production',
    });
    assert.equal(of({ COMMIT_SHA: 'abc' })?.release, 'abc');
    assert.equal(of({ COMMIT_SHA: 'abc', SENTRY_RELEASE: 'v1' })?.release, 'v1');
    assert.equal(of({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=qa' })?.environment, 'qa');
    assert.equal(of({ SENTRY_ENVIRONMENT: 'staging' })?.environment, 'staging');
  });

  for (const dsn of [
    'nonsense',
    'https://o1.example/42',
    'https://key@o1.example/',
    'ftp://key@o1.example/42',
  ]) {
    test(`SENTRY_DSN ${dsn}: off, and named`, () => {
      const { sentry, problems } = readSettings({ SENTRY_DSN: dsn }, 'api');
      assert.equal(sentry, undefined);
      assert.deepEqual(problems.sentry, ['SENTRY_DSN is not https://KEY@HOST/PROJECT']);
    });
  }
});
