/** The environment is not usable. The message names the variable and what it is for, never its value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Without a slash at the end. */
  readonly apiUrl: string;
  readonly streamingUrl: string;
  readonly identity: Identity;
}

/** What this process is, as far as it was told. */
export interface Identity {
  readonly revision?: string;
  readonly commit?: string;
}

const required = {
  API_URL: "the api's address, as browsers reach it",
  STREAMING_URL: "streaming's address, as browsers reach it",
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the configuration; an empty variable counts as not set. Throws ConfigError. */
export function readConfig(env: Environment): Config {
  const [first, ...others] = Object.entries(required).filter(([name]) => !env[name]);
  if (first) {
    const also = others.length > 0 ? ` (nor are ${others.map(([name]) => name).join(', ')})` : '';
    throw new ConfigError(`environment variable ${first[0]} is not set: it holds ${first[1]}${also}`);
  }
  return {
    port: readPort(env, 'PORT', 8080),
    host: env['HOST'] || '0.0.0.0',
    apiUrl: readUrl(env, 'API_URL'),
    streamingUrl: readUrl(env, 'STREAMING_URL'),
    identity: {
      ...(env['K_REVISION'] ? { revision: env['K_REVISION'] } : {}),
      ...(env['COMMIT_SHA'] ? { commit: env['COMMIT_SHA'] } : {}),
    },
  };
}

function readUrl(env: Environment, name: keyof typeof required): string {
  const url = URL.parse(env[name] ?? '');
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new ConfigError(
      `environment variable ${name} is not an http or https address without a query: it holds ${required[name]}`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

function readPort(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (!text) return fallback;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new ConfigError(
      `environment variable ${name} is not a port: it holds a whole number from 0 to 65535`,
    );
  }
  return port;
}
