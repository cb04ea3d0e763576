/** What a builder's name stands for on this machine. */
export interface Builder {
  /** In front of a step's args when the step has no entrypoint; empty: `args[0]` is the command, as in Docker. */
  readonly entrypoint: readonly string[];
  /** The command that must be installed here, when it is not part of every machine. */
  readonly needs?: string;
  /** Whether the `docker` command line of the local cloud goes into PATH. */
  readonly docker?: boolean;
  /** Whether the tools that the local cloud was given go into PATH. */
  readonly given?: boolean;
  /** Whether Google's command line is used: it is pointed at the local cloud. */
  readonly gcloud?: boolean;
  /** Why a builder that is known cannot run here. */
  readonly refusal?: string;
}

/**
 * What the entrypoint script of an official image does: an option, or what is no command, becomes an argument of the
 * image's own program. https://github.com/nodejs/docker-node/blob/main/docker-entrypoint.sh
 */
const orElse = (program: string): string[] => [
  '/bin/sh',
  '-c',
  `if [ $# -eq 0 ] || [ "\${1#-}" != "$1" ] || ! command -v "$1" >/dev/null 2>&1 || { [ -f "$1" ] && ! [ -x "$1" ]; }; then set -- ${program} "$@"; fi; exec "$@"`,
  'docker-entrypoint',
];

const tag = String.raw`(?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]{64})?`;
const hub = String.raw`(?:(?:index\.)?docker\.io/)?(?:library/)?`;
const named = (name: string, suffix = tag): RegExp => new RegExp(`^${name}${suffix}$`);
const nodeTag = String.raw`:24[\w.-]*(?:@sha256:[0-9a-f]{64})?`;
const cloudBuilder = (name: string): RegExp => named(String.raw`gcr\.io/cloud-builders/${name}`);

const gsutil =
  'gsutil cannot be pointed at the local cloud; use "gcloud storage" with gcr.io/google.com/cloudsdktool/cloud-sdk';

const table: readonly { readonly shown: string; readonly pattern: RegExp; readonly builder: Builder }[] = [
  { shown: 'node:24*', pattern: named(`${hub}node`, nodeTag), builder: { entrypoint: orElse('node') } },
  {
    shown: 'gcr.io/distroless/nodejs24*',
    pattern: /^gcr\.io\/distroless\/nodejs24[\w.:@-]*$/,
    builder: { entrypoint: ['node'] },
  },
  {
    // Node and Playwright's browsers. Here the browser is this machine's, if it has one.
    shown: 'mcr.microsoft.com/playwright:v*',
    pattern: named(
      String.raw`mcr\.microsoft\.com/playwright`,
      String.raw`:v\d[\w.-]*(?:@sha256:[0-9a-f]{64})?`,
    ),
    builder: { entrypoint: [] },
  },
  {
    // What stands for k6 is for the one to decide who starts the local cloud.
    shown: 'grafana/k6',
    pattern: named(String.raw`(?:(?:index\.)?docker\.io/)?grafana/k6`),
    builder: { entrypoint: ['k6'], given: true },
  },
  { shown: 'gcr.io/cloud-builders/npm', pattern: cloudBuilder('npm'), builder: { entrypoint: ['npm'] } },
  {
    shown: 'gcr.io/cloud-builders/docker',
    pattern: cloudBuilder('docker'),
    builder: { entrypoint: ['docker'], docker: true },
  },
  {
    shown: 'gcr.io/cloud-builders/git',
    pattern: cloudBuilder('git'),
    builder: { entrypoint: ['git'], needs: 'git' },
  },
  {
    shown: 'gcr.io/cloud-builders/curl',
    pattern: cloudBuilder('curl'),
    builder: { entrypoint: ['curl'], needs: 'curl' },
  },
  {
    shown: 'gcr.io/cloud-builders/gcloud',
    pattern: cloudBuilder('gcloud(?:-slim)?'),
    builder: { entrypoint: ['gcloud'], needs: 'gcloud', gcloud: true },
  },
  {
    shown: 'gcr.io/google.com/cloudsdktool/cloud-sdk*',
    pattern: named(
      String.raw`(?:gcr\.io/google\.com/cloudsdktool/(?:google-)?cloud-(?:sdk|cli)|${hub}google/cloud-sdk)`,
    ),
    builder: { entrypoint: [], needs: 'gcloud', gcloud: true },
  },
  {
    shown: 'gcr.io/cloud-builders/gsutil',
    pattern: cloudBuilder('gsutil'),
    builder: { entrypoint: [], refusal: gsutil },
  },
  { shown: 'bash', pattern: named(`${hub}bash`), builder: { entrypoint: orElse('bash'), needs: 'bash' } },
  { shown: 'ubuntu', pattern: named(`${hub}ubuntu`), builder: { entrypoint: [] } },
  { shown: 'debian', pattern: named(`${hub}debian`), builder: { entrypoint: [] } },
  { shown: 'alpine', pattern: named(`${hub}alpine`), builder: { entrypoint: [] } },
];

/** Every builder that runs on this machine, for people. */
export const knownBuilders: readonly string[] = table.map(({ shown }) => shown);

/** The builder of that image name, or undefined when no tool of this machine stands for it. */
export function findBuilder(image: string): Builder | undefined {
  return table.find(({ pattern }) => pattern.test(image))?.builder;
}

/** Settings that make `gcloud` speak to the local cloud, and to nothing else. */
export function gcloudEnvironment(origin: string, project: string): Record<string, string> {
  const apis = [
    'ARTIFACTREGISTRY',
    'CLOUDBUILD',
    'CLOUDFUNCTIONS',
    'CLOUDRESOURCEMANAGER',
    'CLOUDSCHEDULER',
    'IAM',
    'LOGGING',
    'MONITORING',
    'PUBSUB',
    'RUN',
    'SECRETMANAGER',
    'SERVICEUSAGE',
    'SQL',
  ];
  return {
    ...Object.fromEntries(apis.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`, `${origin}/`])),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${origin}/storage/v1/`,
    CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
    CLOUDSDK_CORE_PROJECT: project,
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
  };
}
