import path from 'node:path';
import type { BuildConfig, BuildStep } from './build-types.ts';
import type { ConfigIssue, ConfigPath } from './config-issue.ts';
import { durationMs } from './durations.ts';

/** `waitFor: ['-']`: start at once. */
export const startAtOnce = '-';

const limits = { args: 100, argCharacters: 10_000, envs: 100 } as const;

/** Env entries are `KEY=VALUE`; the same rule for a step and for `options`. */
export function envIssues(env: readonly string[] | undefined, place: ConfigPath): ConfigIssue[] {
  const entries = env ?? [];
  const issues = entries.flatMap((entry, index): ConfigIssue[] =>
    /^[^=\s]+=/.test(entry)
      ? []
      : [{ path: [...place, index], message: `"${entry}" must have the form KEY=VALUE` }],
  );
  return entries.length > limits.envs
    ? [...issues, { path: place, message: `${entries.length} entries; at most ${limits.envs} are allowed` }]
    : issues;
}

function argIssues(step: BuildStep, place: ConfigPath): ConfigIssue[] {
  const args = step.args ?? [];
  const long = args.flatMap((arg, index): ConfigIssue[] =>
    arg.length > limits.argCharacters
      ? [
          {
            path: [...place, 'args', index],
            message: `${arg.length} characters; at most ${limits.argCharacters} are allowed`,
          },
        ]
      : [],
  );
  if (args.length <= limits.args) return long;
  return [
    ...long,
    { path: [...place, 'args'], message: `${args.length} arguments; at most ${limits.args} are allowed` },
  ];
}

function scriptIssues(step: BuildStep, place: ConfigPath): ConfigIssue[] {
  if (step.script === undefined || step.script === '') return [];
  return (['args', 'entrypoint'] as const)
    .filter((field) => (step[field]?.length ?? 0) > 0)
    .map((field) => ({
      path: [...place, field],
      message: `"script" and "${field}" exclude each other in one step`,
    }));
}

function dirIssues(step: BuildStep, place: ConfigPath): ConfigIssue[] {
  const dir = step.dir ?? '';
  // A substitution may stand anywhere in it; what it becomes is checked when it is known.
  if (dir === '' || dir.includes('$') || path.posix.isAbsolute(dir)) return [];
  return path.posix.normalize(dir).startsWith('..')
    ? [{ path: [...place, 'dir'], message: `"${dir}" leads out of /workspace` }]
    : [];
}

function exitCodeIssues(step: BuildStep, place: ConfigPath): ConfigIssue[] {
  return (step.allowExitCodes ?? []).flatMap((code, index): ConfigIssue[] =>
    code >= 0 && code <= 255
      ? []
      : [{ path: [...place, 'allowExitCodes', index], message: `${code} is no exit code (0 to 255)` }],
  );
}

function timeoutIssues(step: BuildStep, place: ConfigPath, buildTimeoutMs: number): ConfigIssue[] {
  const timeoutMs = durationMs(step.timeout ?? '0s') ?? 0;
  return timeoutMs > buildTimeoutMs
    ? [
        {
          path: [...place, 'timeout'],
          message: `${step.timeout ?? ''} is longer than the build's own timeout of ${buildTimeoutMs / 1000}s`,
        },
      ]
    : [];
}

/** `waitFor` names earlier steps only, so the steps can never wait for one another in a circle. */
function waitForIssues(steps: readonly BuildStep[]): ConfigIssue[] {
  const earlier = new Set<string>();
  const all = new Set(steps.map(({ id }) => id));
  return steps.flatMap((step, index) => {
    const issues = (step.waitFor ?? []).flatMap((id, position): ConfigIssue[] => {
      if (id === startAtOnce || earlier.has(id)) return [];
      const why = all.has(id)
        ? 'stands further down: a step can wait for earlier steps only'
        : 'is the id of no step';
      return [{ path: ['steps', index, 'waitFor', position], message: `"${id}" ${why}` }];
    });
    if (step.id === startAtOnce)
      issues.push({ path: ['steps', index, 'id'], message: '"-" is reserved for waitFor' });
    else if (step.id !== undefined && step.id !== '') {
      if (earlier.has(step.id))
        issues.push({
          path: ['steps', index, 'id'],
          message: `"${step.id}" is the id of an earlier step too: ids must be unique`,
        });
      earlier.add(step.id);
    }
    return issues;
  });
}

/** Everything that is wrong with the steps alone. */
export function stepIssues(build: BuildConfig, buildTimeoutMs: number): ConfigIssue[] {
  const steps = build.steps ?? [];
  const each = steps.flatMap((step, index) => {
    const place = ['steps', index];
    return [
      ...((step.name ?? '') === ''
        ? [{ path: place, message: 'a step needs a "name": the image that runs it' }]
        : []),
      ...argIssues(step, place),
      ...scriptIssues(step, place),
      ...dirIssues(step, place),
      ...envIssues(step.env, [...place, 'env']),
      ...exitCodeIssues(step, place),
      ...timeoutIssues(step, place, buildTimeoutMs),
    ];
  });
  return [...each, ...waitForIssues(steps)];
}
