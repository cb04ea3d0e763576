import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

/** The machine's own settings for reaching package registries; a build on this machine needs them like any `npm ci`. */
const passedOn =
  /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file|npm_config_(registry|cafile|proxy|https_proxy|noproxy))$/i;

/**
 * The environment of a started process: nothing of the starter's but what a build needs to reach the registries.
 * Builds share the machine's npm cache, so that what is on this machine is not fetched again.
 */
export function processEnvironment(
  origin: string,
  nodeFolder: string,
  home: string,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const passed = Object.entries(env).filter(
    (entry): entry is [string, string] => passedOn.test(entry[0]) && entry[1] !== undefined,
  );
  const { host } = new URL(origin);
  return {
    ...Object.fromEntries(passed),
    PATH: [
      nodeFolder,
      '/usr/local/sbin',
      '/usr/local/bin',
      '/usr/sbin',
      '/usr/bin',
      '/sbin',
      '/bin',
      '/opt/homebrew/bin',
    ].join(':'),
    HOME: home,
    TMPDIR: tmpdir(),
    LANG: 'C.UTF-8',
    npm_config_cache: env.npm_config_cache ?? path.join(homedir(), '.npm'),
    npm_config_userconfig: env.npm_config_userconfig ?? path.join(homedir(), '.npmrc'),
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    CLOUD_API_ENDPOINT: origin,
    GITHUB_API_URL: origin,
    GCE_METADATA_HOST: host,
  };
}
