import { readDsn } from './sentry-dsn.ts';
import type { Dsn } from './sentry-dsn.ts';
import { readOtlpSettings } from './otlp-settings.ts';
import type { OtlpSettings } from './otlp-settings.ts';
import type { Environment } from './metadata.ts';

export interface SentrySettings {
  readonly dsn: Dsn;
  readonly release: string | undefined;
  readonly environment: string;
}

/** What is to be told to whom. A backend that is not configured, or badly, is absent. */
export interface Settings {
  readonly otlp: OtlpSettings | undefined;
  readonly sentry: SentrySettings | undefined;
  /** What is wrong with the configuration: a sentence each, which names the variable and never its value. */
  readonly problems: { readonly otlp: readonly string[]; readonly sentry: readonly string[] };
}

/** Reads the environment; an empty variable counts as not set. Never throws: telemetry is no reason not to start. */
export function readSettings(env: Environment, serviceName: string): Settings {
  const otlp = readOtlpSettings(env, serviceName);
  const sentry = readSentrySettings(env, otlp.environment);
  return {
    otlp: otlp.settings,
    sentry: sentry.settings,
    problems: { otlp: otlp.problems, sentry: sentry.problems },
  };
}

function readSentrySettings(
  env: Environment,
  environment: string | undefined,
): { readonly settings: SentrySettings | undefined; readonly problems: readonly string[] } {
  const text = env['SENTRY_DSN'];
  if (!text) return { settings: undefined, problems: [] };
  const dsn = readDsn(text);
  if (!dsn) return { settings: undefined, problems: ['SENTRY_DSN is not https://KEY@HOST/PROJECT'] };
  return {
    settings: {
      dsn,
      release: env['SENTRY_RELEASE'] || env['COMMIT_SHA'] || undefined,
      environment: env['SENTRY_ENVIRONMENT'] || environment || 'production',
    },
    problems: [],
  };
}
