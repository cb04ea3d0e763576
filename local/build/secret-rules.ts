import type { BuildConfig } from './build-types.ts';
import type { ConfigIssue, ConfigPath } from './config-issue.ts';

const limits = { secrets: 100 } as const;
// Substitutions are allowed in it and are resolved before the name is read.
const versionName = /^projects\/[^/]+\/secrets\/[^/]+\/versions\/[^/]+$/;

interface Definition {
  readonly env: string;
  readonly path: ConfigPath;
}

function definitions(build: BuildConfig): Definition[] {
  const manager = (build.availableSecrets?.secretManager ?? []).map(({ env = '' }, index): Definition => ({
    env,
    path: ['availableSecrets', 'secretManager', index, 'env'],
  }));
  const inline = (build.availableSecrets?.inline ?? []).flatMap(({ envMap = {} }, index) =>
    Object.keys(envMap).map((env): Definition => ({
      env,
      path: ['availableSecrets', 'inline', index, 'envMap', env],
    })),
  );
  const kms = (build.secrets ?? []).flatMap(({ secretEnv = {} }, index) =>
    Object.keys(secretEnv).map((env): Definition => ({ env, path: ['secrets', index, 'secretEnv', env] })),
  );
  return [...manager, ...inline, ...kms];
}

function definitionIssues(defined: readonly Definition[], used: ReadonlySet<string>): ConfigIssue[] {
  const issues = defined.flatMap(({ env, path }, index): ConfigIssue[] => {
    if (env === '')
      return [{ path, message: 'a secret needs an "env": the name of its environment variable' }];
    if (defined.findIndex((other) => other.env === env) < index) {
      return [{ path, message: `the secret variable "${env}" is defined twice` }];
    }
    return used.has(env)
      ? []
      : [{ path, message: `the secret variable "${env}" is used by no step's secretEnv` }];
  });
  const over = defined[limits.secrets];
  return over ? [...issues, { path: over.path, message: `more than ${limits.secrets} secrets` }] : issues;
}

/** Every secretEnv is defined, every secret is used, and none hides behind an ordinary variable of the same name. */
export function secretRuleIssues(build: BuildConfig): ConfigIssue[] {
  const steps = build.steps ?? [];
  const global = build.options?.secretEnv ?? [];
  const defined = definitions(build);
  const names = new Set(defined.map(({ env }) => env));
  const used = new Set([...global, ...steps.flatMap(({ secretEnv }) => secretEnv ?? [])]);
  const issues = definitionIssues(defined, used);
  (build.availableSecrets?.secretManager ?? []).forEach(({ versionName: name = '' }, index) => {
    if (versionName.test(name) || name.startsWith('$')) return;
    issues.push({
      path: ['availableSecrets', 'secretManager', index, 'versionName'],
      message: `"${name}" must have the form projects/*/secrets/*/versions/*`,
    });
  });
  const keysOf = (env: readonly string[] | undefined): Set<string> =>
    new Set((env ?? []).map((entry) => entry.split('=')[0] ?? ''));
  const check = (secretEnv: readonly string[], place: ConfigPath, plain: ReadonlySet<string>): void => {
    secretEnv.forEach((name, index) => {
      if (!names.has(name))
        issues.push({
          path: [...place, index],
          message: `"${name}" is defined by no entry of availableSecrets`,
        });
      if (plain.has(name)) issues.push({ path: [...place, index], message: `"${name}" is set in env too` });
      if (secretEnv.indexOf(name) < index)
        issues.push({ path: [...place, index], message: `"${name}" stands here twice` });
    });
  };
  const globalKeys = keysOf(build.options?.env);
  check(global, ['options', 'secretEnv'], globalKeys);
  steps.forEach((step, index) => {
    const place = ['steps', index, 'secretEnv'];
    const own = step.secretEnv ?? [];
    check(own, place, keysOf(step.env));
    own.forEach((name, position) => {
      if (global.includes(name))
        issues.push({ path: [...place, position], message: `"${name}" stands in options.secretEnv too` });
    });
  });
  return issues;
}
