import { builtInKeys } from './build-rules.ts';
import type { BuildConfig, BuildStep } from './build-types.ts';
import type { ConfigIssue, ConfigPath } from './config-issue.ts';
import { expandTemplate } from './substitution-template.ts';

export interface Substitution {
  readonly build: BuildConfig;
  /** Every key with its final value, built-in ones too: what `automapSubstitutions` puts into the environment. */
  readonly values: Readonly<Record<string, string>>;
  readonly issues: readonly ConfigIssue[];
}

/** The user's values, which may name other keys when `dynamic`; a circle is an issue. */
function resolveValues(
  given: Readonly<Record<string, string>>,
  builtIns: Readonly<Record<string, string>>,
  dynamic: boolean,
  issues: ConfigIssue[],
): { values: Record<string, string>; used: string[] } {
  // What the user gives wins; the keys that must not be given are refused by the rules.
  const values = Object.fromEntries(Object.entries(builtIns).filter(([key]) => !Object.hasOwn(given, key)));
  const used: string[] = [];
  const open: string[] = [];
  const resolve = (key: string): string | undefined => {
    if (Object.hasOwn(values, key)) return values[key];
    const template = Object.hasOwn(given, key) ? given[key] : undefined;
    if (template === undefined || !dynamic) return template;
    if (open.includes(key)) {
      issues.push({
        path: ['substitutions', key],
        message: `goes in a circle: ${[...open.slice(open.indexOf(key)), key].join(' → ')}`,
      });
      return '';
    }
    open.push(key);
    const { text, keys, errors } = expandTemplate(template, { lookup: resolve, dynamic });
    open.pop();
    used.push(...keys);
    issues.push(...errors.map((message) => ({ path: ['substitutions', key], message })));
    values[key] = text;
    return text;
  };
  for (const key of Object.keys(given)) values[key] = resolve(key) ?? '';
  return { values, used };
}

/** What a template is expanded with, and where what it lacks is noted. */
type Expand = (text: string, path: ConfigPath) => string;

function substituteStep(step: BuildStep, place: ConfigPath, expand: Expand): BuildStep {
  const one = (field: 'name' | 'dir' | 'entrypoint'): object =>
    step[field] === undefined ? {} : { [field]: expand(step[field], [...place, field]) };
  const list = (field: 'args' | 'env'): object =>
    step[field] === undefined
      ? {}
      : { [field]: step[field].map((text, index) => expand(text, [...place, field, index])) };
  // `script` is left alone: https://cloud.google.com/build/docs/configuring-builds/run-bash-scripts
  return { ...step, ...one('name'), ...one('dir'), ...one('entrypoint'), ...list('args'), ...list('env') };
}

function substituteRest(build: BuildConfig, expand: Expand): Partial<BuildConfig> {
  const each = (texts: readonly string[], place: ConfigPath): string[] =>
    texts.map((text, index) => expand(text, [...place, index]));
  const { images, tags, logsBucket, serviceAccount, artifacts, options, availableSecrets } = build;
  return {
    ...(images ? { images: each(images, ['images']) } : {}),
    ...(tags ? { tags: each(tags, ['tags']) } : {}),
    ...(logsBucket === undefined ? {} : { logsBucket: expand(logsBucket, ['logsBucket']) }),
    ...(serviceAccount === undefined ? {} : { serviceAccount: expand(serviceAccount, ['serviceAccount']) }),
    ...(options?.env ? { options: { ...options, env: each(options.env, ['options', 'env']) } } : {}),
    ...(artifacts
      ? {
          artifacts: {
            ...artifacts,
            ...(artifacts.images ? { images: each(artifacts.images, ['artifacts', 'images']) } : {}),
            ...(artifacts.objects
              ? {
                  objects: {
                    ...artifacts.objects,
                    location: expand(artifacts.objects.location ?? '', ['artifacts', 'objects', 'location']),
                    paths: each(artifacts.objects.paths ?? [], ['artifacts', 'objects', 'paths']),
                  },
                }
              : {}),
          },
        }
      : {}),
    ...(availableSecrets?.secretManager
      ? {
          availableSecrets: {
            ...availableSecrets,
            secretManager: availableSecrets.secretManager.map((secret, index) => ({
              ...secret,
              versionName: expand(secret.versionName ?? '', [
                'availableSecrets',
                'secretManager',
                index,
                'versionName',
              ]),
            })),
          },
        }
      : {}),
  };
}

/**
 * `build` with every substitution made. `builtIns` are the keys that Cloud Build itself sets; with
 * `options.substitutionOption` MUST_MATCH (the default) a key that is missing or never used is an issue, with
 * ALLOW_LOOSE a missing one becomes "".
 */
export function substituteBuild(
  build: BuildConfig,
  builtIns: Readonly<Record<string, string>>,
): Substitution {
  const issues: ConfigIssue[] = [];
  const given = build.substitutions ?? {};
  const strict = build.options?.substitutionOption !== 'ALLOW_LOOSE';
  const dynamic = build.options?.dynamicSubstitutions === true;
  const { values, used } = resolveValues(given, builtIns, dynamic, issues);
  const seen = new Set(used);
  const lookup = (key: string): string | undefined => (Object.hasOwn(values, key) ? values[key] : undefined);
  const expand: Expand = (text, path) => {
    const expanded = expandTemplate(text, { lookup, dynamic });
    issues.push(...expanded.errors.map((message) => ({ path, message })));
    for (const key of expanded.keys) {
      seen.add(key);
      if (strict && lookup(key) === undefined && !builtInKeys.has(key)) {
        issues.push({
          path,
          message: `"${key}" has no value: add it to substitutions, or write $$${key} to leave it to the shell`,
        });
      }
    }
    return expanded.text;
  };
  const steps = (build.steps ?? []).map((step, index) => substituteStep(step, ['steps', index], expand));
  const result: BuildConfig = { ...build, steps, ...substituteRest(build, expand) };
  const automapped =
    build.options?.automapSubstitutions === true || steps.some((step) => step.automapSubstitutions === true);
  if (strict && !automapped) {
    for (const key of Object.keys(given)) {
      if (!seen.has(key))
        issues.push({
          path: ['substitutions', key],
          message: `"${key}" is used nowhere; remove it, or set options.substitutionOption to ALLOW_LOOSE`,
        });
    }
  }
  if (dynamic && Object.keys(given).length > 0) {
    result.substitutions = Object.fromEntries(Object.keys(given).map((key) => [key, values[key] ?? '']));
  }
  return { build: result, values, issues };
}
