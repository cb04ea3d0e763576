/** The environment is not usable. The message names the variable and what it is for, never its value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly database: DatabaseConfig;
  readonly identity: Identity;
}

export interface DatabaseConfig {
  /** A host name, or the directory that holds Postgres' Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** What this process is, as far as it was told. */
export interface Identity {
  readonly revision?: string;
  readonly commit?: string;
}

const required = {
  DATABASE_HOST: 'the host of Postgres, or the directory of its Unix socket',
  DATABASE_NAME: 'the name of the database',
  DATABASE_USER: 'the user to connect as',
  DATABASE_PASSWORD: "that user's password",
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the configuration; an empty variable counts as not set. Throws ConfigError. */
export function readConfig(env: Environment): Config {
  const missing = Object.entries(required).filter(([name]) => !env[name]);
  const [first, ...others] = missing;
  if (first) {
    const also = others.length > 0 ? ` (nor are ${others.map(([name]) => name).join(', ')})` : '';
    throw new ConfigError(`environment variable ${first[0]} is not set: it holds ${first[1]}${also}`);
  }
  const text = (name: keyof typeof required): string => env[name] ?? '';
  return {
    port: readPort(env, 'PORT', 8080),
    host: env['HOST'] || '0.0.0.0',
    database: {
      host: text('DATABASE_HOST'),
      port: readPort(env, 'DATABASE_PORT', 5432),
      database: text('DATABASE_NAME'),
      user: text('DATABASE_USER'),
      password: text('DATABASE_PASSWORD'),
    },
    identity: {
      ...(env['K_REVISION'] ? { revision: env['K_REVISION'] } : {}),
      ...(env['COMMIT_SHA'] ? { commit: env['COMMIT_SHA'] } : {}),
    },
  };
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
