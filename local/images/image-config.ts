import type { ImageConfig } from '../core/links.ts';

/** What a base image brings that is no file: a tool of this machine stands for it. */
export type Tool = 'node24' | 'shell';

/** The config of an image or of a stage under way. */
export interface BuildConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `8080/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly stopSignal: string;
  /** As written; Cloud Run ignores it. */
  readonly healthcheck: string;
  /** What RUN and the shell form of CMD and ENTRYPOINT start. */
  readonly shell: readonly string[];
  readonly tools: readonly Tool[];
  /** The tree of the image that it stands on, when that was built here. */
  readonly baseTree?: string;
}

export const emptyConfig: BuildConfig = {
  env: {},
  entrypoint: [],
  cmd: [],
  workingDir: '',
  user: '',
  labels: {},
  exposedPorts: [],
  stopSignal: '',
  healthcheck: '',
  shell: ['/bin/sh', '-c'],
  tools: [],
};

/** https://github.com/opencontainers/image-spec/blob/main/config.md, and what only this registry knows. */
export interface OciConfig {
  readonly architecture: 'amd64';
  readonly os: 'linux';
  readonly config: {
    readonly Cmd?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Env?: readonly string[];
    readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly Shell?: readonly string[];
    readonly StopSignal?: string;
    readonly User?: string;
    readonly WorkingDir?: string;
  };
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] };
  readonly 'dev.slipway.healthcheck'?: string;
  readonly 'dev.slipway.tools': readonly Tool[];
  readonly 'dev.slipway.base'?: string;
}

const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** Without a time of creation: the same content is the same image. */
export function toOciConfig(config: BuildConfig, treeDigest: string): OciConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    config: {
      ...(config.cmd.length > 0 ? { Cmd: config.cmd } : {}),
      ...(config.entrypoint.length > 0 ? { Entrypoint: config.entrypoint } : {}),
      Env: Object.entries(sorted(config.env)).map(([name, value]) => `${name}=${value}`),
      ...(config.exposedPorts.length > 0
        ? { ExposedPorts: sorted(Object.fromEntries(config.exposedPorts.map((port) => [port, {}]))) }
        : {}),
      Labels: sorted(config.labels),
      Shell: config.shell,
      ...(config.stopSignal === '' ? {} : { StopSignal: config.stopSignal }),
      ...(config.user === '' ? {} : { User: config.user }),
      ...(config.workingDir === '' ? {} : { WorkingDir: config.workingDir }),
    },
    rootfs: { type: 'layers', diff_ids: [treeDigest] },
    ...(config.healthcheck === '' ? {} : { 'dev.slipway.healthcheck': config.healthcheck }),
    'dev.slipway.tools': config.tools,
    ...(config.baseTree === undefined ? {} : { 'dev.slipway.base': config.baseTree }),
  };
}

export function fromOciConfig(oci: OciConfig): BuildConfig {
  const { config } = oci;
  return {
    env: Object.fromEntries(
      (config.Env ?? []).map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
    ),
    entrypoint: config.Entrypoint ?? [],
    cmd: config.Cmd ?? [],
    workingDir: config.WorkingDir ?? '',
    user: config.User ?? '',
    labels: config.Labels ?? {},
    exposedPorts: Object.keys(config.ExposedPorts ?? {}),
    stopSignal: config.StopSignal ?? '',
    healthcheck: oci['dev.slipway.healthcheck'] ?? '',
    shell: config.Shell ?? emptyConfig.shell,
    tools: oci['dev.slipway.tools'],
    ...(oci['dev.slipway.base'] === undefined ? {} : { baseTree: oci['dev.slipway.base'] }),
  };
}

/** The folders of this machine that `tools` stand for. */
export const toolPathsOf = (tools: readonly Tool[], nodeFolder: string): string[] =>
  tools.includes('node24') ? [nodeFolder] : [];

/** As Cloud Run and Cloud Build start it. */
export function toImageConfig(config: BuildConfig, nodeFolder: string): ImageConfig {
  return {
    entrypoint: config.entrypoint,
    cmd: config.cmd,
    env: config.env,
    workingDir: config.workingDir,
    user: config.user,
    labels: config.labels,
    exposedPorts: config.exposedPorts.map((port) => Number.parseInt(port, 10)),
    stopSignal: config.stopSignal === '' ? 'SIGTERM' : config.stopSignal,
    toolPaths: toolPathsOf(config.tools, nodeFolder),
  };
}
