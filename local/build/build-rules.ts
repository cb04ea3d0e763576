import type { BuildConfig } from './build-types.ts';
import type { ConfigIssue, ConfigPath } from './config-issue.ts';
import { durationMs } from './durations.ts';
import { secretRuleIssues } from './secret-rules.ts';
import { envIssues, stepIssues } from './step-rules.ts';
import { volumeRuleIssues } from './volume-rules.ts';

/** https://cloud.google.com/build/docs/build-config-file-schema */
const limits = {
  steps: 300,
  timeoutSeconds: 24 * 60 * 60,
  substitutions: 200,
  substitutionKeyBytes: 100,
  substitutionValueBytes: 4000,
  images: 100,
  tags: 64,
  artifactPaths: 100,
  diskGb: 4000,
} as const;

export const defaultTimeout = '3600s';
export const defaultQueueTtl = '3600s';

/** The build's timeout; absent and `0s` both mean the default. */
export const timeoutOf = (timeout: string | undefined): number =>
  [timeout, defaultTimeout].map((each) => durationMs(each ?? '') ?? 0).find((ms) => ms > 0) ?? 0;

/** Set by Cloud Build: a request cannot override them. All other built-in keys can be given by hand. */
const fixedKeys = new Set(['PROJECT_ID', 'BUILD_ID']);
export const builtInKeys: ReadonlySet<string> = new Set([
  ...fixedKeys,
  'PROJECT_NUMBER',
  'LOCATION',
  'TRIGGER_NAME',
  'COMMIT_SHA',
  'REVISION_ID',
  'SHORT_SHA',
  'REPO_NAME',
  'REPO_FULL_NAME',
  'BRANCH_NAME',
  'TAG_NAME',
  'REF_NAME',
  'TRIGGER_BUILD_CONFIG_PATH',
  'SERVICE_ACCOUNT_EMAIL',
  'SERVICE_ACCOUNT',
]);

/** Keys and sizes of substitutions, in a config and on a trigger. */
export function substitutionKeyIssues(
  substitutions: Readonly<Record<string, string>>,
  place: ConfigPath = ['substitutions'],
): ConfigIssue[] {
  const entries = Object.entries(substitutions);
  const issues = entries.flatMap(([key, value]): ConfigIssue[] => {
    const path = [...place, key];
    if (fixedKeys.has(key))
      return [{ path, message: `"${key}" is set by Cloud Build and cannot be overridden` }];
    if (!builtInKeys.has(key) && !/^_[A-Z0-9_]+$/.test(key)) {
      return [{ path, message: `"${key}" must match ^_[A-Z0-9_]+$` }];
    }
    if (Buffer.byteLength(key) > limits.substitutionKeyBytes) {
      return [{ path, message: `the key is longer than ${limits.substitutionKeyBytes} bytes` }];
    }
    return Buffer.byteLength(value) > limits.substitutionValueBytes
      ? [{ path, message: `the value is longer than ${limits.substitutionValueBytes} bytes` }]
      : [];
  });
  return entries.length > limits.substitutions
    ? [
        ...issues,
        {
          path: place,
          message: `${entries.length} substitutions; at most ${limits.substitutions} are allowed`,
        },
      ]
    : issues;
}

function atMost(list: readonly unknown[] | undefined, limit: number, path: ConfigPath): ConfigIssue[] {
  const count = list?.length ?? 0;
  return count > limit ? [{ path, message: `${count} entries; at most ${limit} are allowed` }] : [];
}

/** A build that runs as a service account of its own must say where its log goes. */
function loggingIssues(build: BuildConfig): ConfigIssue[] {
  const { logging, defaultLogsBucketBehavior } = build.options ?? {};
  const chosen =
    (build.logsBucket ?? '') !== '' ||
    defaultLogsBucketBehavior === 'REGIONAL_USER_OWNED_BUCKET' ||
    ['CLOUD_LOGGING_ONLY', 'STACKDRIVER_ONLY', 'NONE'].includes(logging ?? '');
  return (build.serviceAccount ?? '') === '' || chosen
    ? []
    : [
        {
          path: ['serviceAccount'],
          message:
            'a build with a service account must choose its logging: set logsBucket, options.logging to ' +
            'CLOUD_LOGGING_ONLY or NONE, or options.defaultLogsBucketBehavior to REGIONAL_USER_OWNED_BUCKET',
        },
      ];
}

function artifactIssues({ artifacts }: BuildConfig): ConfigIssue[] {
  const objects = artifacts?.objects;
  if (!objects) return [];
  const place: ConfigPath = ['artifacts', 'objects'];
  const issues = atMost(objects.paths, limits.artifactPaths, [...place, 'paths']);
  if (!/^(gs:\/\/[^/]+|\$)/.test(objects.location ?? '')) {
    issues.push({
      path: [...place, 'location'],
      message: `"${objects.location ?? ''}" must have the form gs://bucket/path/`,
    });
  }
  if ((objects.paths ?? []).length === 0)
    issues.push({ path: [...place, 'paths'], message: 'at least one path is needed' });
  return issues;
}

/** Every rule that Cloud Build puts on a build beyond the types of its fields. */
export function buildRuleIssues(build: BuildConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const timeoutMs = timeoutOf(build.timeout);
  const stepCount = build.steps?.length ?? 0;
  if (stepCount === 0) issues.push({ path: ['steps'], message: 'a build needs at least one step' });
  if (stepCount > limits.steps)
    issues.push({ path: ['steps'], message: `${stepCount} steps; at most ${limits.steps} are allowed` });
  if (timeoutMs > limits.timeoutSeconds * 1000) {
    issues.push({
      path: ['timeout'],
      message: `${build.timeout ?? ''} is longer than ${limits.timeoutSeconds}s (24 hours)`,
    });
  }
  if (Number(build.options?.diskSizeGb ?? 0) > limits.diskGb) {
    issues.push({ path: ['options', 'diskSizeGb'], message: `at most ${limits.diskGb} GB are allowed` });
  }
  (build.tags ?? []).forEach((tag, index) => {
    if (!/^[\w$][\w.${}-]{0,127}$/.test(tag)) {
      issues.push({
        path: ['tags', index],
        message: `"${tag}" is no tag: letters, digits, "_", "-" and ".", at most 128`,
      });
    }
  });
  return [
    ...issues,
    ...atMost(build.images, limits.images, ['images']),
    ...atMost(build.tags, limits.tags, ['tags']),
    ...stepIssues(build, timeoutMs),
    ...envIssues(build.options?.env, ['options', 'env']),
    ...volumeRuleIssues(build),
    ...secretRuleIssues(build),
    ...substitutionKeyIssues(build.substitutions ?? {}),
    ...artifactIssues(build),
    ...loggingIssues(build),
  ];
}
