import type { Environment } from './metadata.ts';

export const signals = ['traces', 'metrics', 'logs'] as const;
export type Signal = (typeof signals)[number];

/** Where one kind of telemetry goes. */
export interface OtlpTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly gzip: boolean;
  readonly timeoutMs: number;
  /** Whether to show the account that the instance runs as: it is Google that is told. */
  readonly google: boolean;
}

export interface Sampling {
  readonly root: 'on' | 'off' | { readonly ratio: number };
  /** Whether a trace that began elsewhere is kept when its beginning was. */
  readonly followParent: boolean;
}

export interface OtlpSettings {
  readonly targets: Readonly<Partial<Record<Signal, OtlpTarget>>>;
  readonly sampling: Sampling;
  /** What every span, metric and log says of this process. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly metricIntervalMs: number;
  readonly spanDelayMs: number;
}

interface Read {
  /** Undefined when nothing is to be sent, or it is not known where to. */
  readonly settings: OtlpSettings | undefined;
  /** The name of the deployment environment, where one is told. */
  readonly environment: string | undefined;
  readonly problems: readonly string[];
}

const googleHost = 'telemetry.googleapis.com';

/**
 * Reads OpenTelemetry's own variables: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * Two defaults differ. Without an endpoint nothing is sent. Logs are sent only when OTEL_LOGS_EXPORTER says so: the
 * platform collects them from the standard output already.
 */
export function readOtlpSettings(env: Environment, serviceName: string): Read {
  const problems: string[] = [];
  const named = readPairs(env, 'OTEL_RESOURCE_ATTRIBUTES', problems);
  const environment = named['deployment.environment.name'] ?? named['deployment.environment'];
  const nothing = { settings: undefined, environment };
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return { ...nothing, problems: [] };
  const asked = signals.filter((signal) => isAsked(env, signal, problems));
  const targets = Object.fromEntries(
    asked.flatMap((signal) => {
      const target = readTarget(env, signal, problems);
      return target ? [[signal, target]] : [];
    }),
  );
  const configured = Object.keys(targets).length > 0 || problems.length > 0;
  if (!configured) return { ...nothing, problems: [] };
  const settings: OtlpSettings = {
    targets,
    sampling: readSampling(env, problems),
    attributes: {
      'service.name': env['OTEL_SERVICE_NAME'] || named['service.name'] || env['K_SERVICE'] || serviceName,
      ...(env['COMMIT_SHA'] ? { 'service.version': env['COMMIT_SHA'] } : {}),
      ...(env['K_REVISION'] ? { 'faas.version': env['K_REVISION'] } : {}),
      ...(env['K_SERVICE']
        ? { 'cloud.provider': 'gcp', 'cloud.platform': 'gcp_cloud_run', 'faas.name': env['K_SERVICE'] }
        : {}),
      ...Object.fromEntries(Object.entries(named).filter(([name]) => name !== 'service.name')),
    },
    metricIntervalMs: readMs(env, 'OTEL_METRIC_EXPORT_INTERVAL', 60_000, problems),
    spanDelayMs: readMs(env, 'OTEL_BSP_SCHEDULE_DELAY', 5000, problems),
  };
  // Half of what was asked for would look like all of it.
  return problems.length > 0 ? { ...nothing, problems } : { settings, environment, problems };
}

function isAsked(env: Environment, signal: Signal, problems: string[]): boolean {
  const name = `OTEL_${signal.toUpperCase()}_EXPORTER`;
  const value = env[name] || (signal === 'logs' ? 'none' : 'otlp');
  if (value !== 'otlp' && value !== 'none') problems.push(`${name} is neither otlp nor none`);
  return value === 'otlp';
}

function readTarget(env: Environment, signal: Signal, problems: string[]): OtlpTarget | undefined {
  const nameOf = (suffix: string): string => {
    const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${suffix}`;
    return env[own] ? own : `OTEL_EXPORTER_OTLP_${suffix}`;
  };
  const endpointName = nameOf('ENDPOINT');
  const endpoint = env[endpointName];
  if (!endpoint) return undefined;
  const url = URL.parse(endpoint);
  if (!url || !/^https?:$/.test(url.protocol)) {
    problems.push(`${endpointName} is not an http or https address`);
    return undefined;
  }
  // The endpoint of a single signal is taken as it stands, that of all is the folder of each:
  // https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
  if (endpointName === 'OTEL_EXPORTER_OTLP_ENDPOINT')
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`;
  const protocolName = nameOf('PROTOCOL');
  const protocol = env[protocolName] || 'http/protobuf';
  if (protocol !== 'http/protobuf' && protocol !== 'http/json') {
    problems.push(`${protocolName} is neither http/protobuf nor http/json`);
    return undefined;
  }
  const compressionName = nameOf('COMPRESSION');
  const compression = env[compressionName] || 'none';
  if (compression !== 'gzip' && compression !== 'none')
    problems.push(`${compressionName} is neither gzip nor none`);
  return {
    url: url.href,
    headers: readPairs(env, nameOf('HEADERS'), problems),
    protocol,
    gzip: compression === 'gzip',
    timeoutMs: readMs(env, nameOf('TIMEOUT'), 10_000, problems),
    google: (url.protocol === 'https:' && url.hostname === googleHost) || isLocalCloud(env, url),
  };
}

/** All of Google's APIs are at one address there. */
function isLocalCloud(env: Environment, { origin }: URL): boolean {
  return URL.parse(env['CLOUD_API_ENDPOINT'] ?? '')?.origin === origin;
}

function readSampling(env: Environment, problems: string[]): Sampling {
  const name = env['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on';
  const match = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name);
  if (!match) problems.push('OTEL_TRACES_SAMPLER is no sampler of OpenTelemetry');
  const followParent = match?.[1] !== undefined;
  if (match?.[2] !== 'traceidratio')
    return { root: match?.[2] === 'always_off' ? 'off' : 'on', followParent };
  const text = env['OTEL_TRACES_SAMPLER_ARG'] || '1';
  const ratio = Number(text);
  if (!(ratio >= 0 && ratio <= 1)) problems.push('OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1');
  return { root: { ratio }, followParent };
}

/** `a=b,c=d`, percent-encoded: https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable */
function readPairs(env: Environment, name: string, problems: string[]): Readonly<Record<string, string>> {
  const pairs = (env[name] ?? '').split(',').filter((pair) => pair.trim() !== '');
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        const [key = '', ...value] = pair.split('=');
        const text = decodeURIComponent(value.join('=').trim());
        // Such a header cannot be sent, such an attribute not be told.
        if (!/^[\w.!#$&'*+^`|~/-]+$/.test(key.trim()) || value.length === 0 || /[^\t\x20-\x7e]/.test(text))
          throw new URIError(name);
        return [key.trim(), text];
      }),
    );
  } catch {
    problems.push(`${name} is not a list of NAME=VALUE`);
    return {};
  }
}

function readMs(env: Environment, name: string, fallback: number, problems: string[]): number {
  const text = env[name];
  if (!text) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 3_600_000) return value;
  problems.push(`${name} is no number of milliseconds from 1 to 3600000`);
  return fallback;
}
