import { parse } from 'yaml';
import { z } from 'zod';
import { releasePolicy, type ReleasePolicy } from '../../functions/release/policy.ts';
import { rolloutPresets, type RolloutPreset } from '../../functions/release/rollout-presets.ts';
import { UserError } from '../cli/user-error.ts';
import { health } from '../pipeline/health-schema.ts';
import { resolveRollout } from '../pipeline/resolve-rollout.ts';
import { rollout } from '../pipeline/rollout-schema.ts';

const wrong = (message: string): UserError => new UserError(message, { exitCode: 2 });

const isPreset = (name: string): name is RolloutPreset => Object.hasOwn(rolloutPresets, name);

function withPreset(policy: ReleasePolicy, name: string): ReleasePolicy {
  if (!isPreset(name))
    throw wrong(
      `there is no preset ${JSON.stringify(name)}; known: ${Object.keys(rolloutPresets).join(', ')}`,
    );
  const { steps, ...preset } = rolloutPresets[name];
  return { ...policy, rollout: { ...policy.rollout, ...preset, steps: [...steps] } };
}

/** A copy with another value under a path of keys and list indices. */
function withValue(container: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const inner = (below: unknown): unknown => (rest.length === 0 ? value : withValue(below, rest, value));
  if (Array.isArray(container)) {
    const items: readonly unknown[] = container;
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index > items.length)
      throw wrong(`${JSON.stringify(key)} is no place in a list of ${items.length}`);
    return items.toSpliced(index, 1, inner(items[index]));
  }
  const entries = typeof container === 'object' && container !== null ? Object.entries(container) : [];
  const own = new Map<string, unknown>(entries);
  own.set(key, inner(own.get(key)));
  return Object.fromEntries(own);
}

function withSetting(tree: unknown, setting: string): unknown {
  const [, key = '', text] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
  const path = key.split('.');
  if (text === undefined || path.length < 2 || !['health', 'rollout'].includes(path[0] ?? ''))
    throw wrong(
      `--set ${setting}: must be a key of health or rollout and its value, such as rollout.metrics.errorBudget=0.02`,
    );
  try {
    return withValue(tree, path, parse(text));
  } catch (cause) {
    throw wrong(`--set ${setting}: ${(cause as Error).message}`);
  }
}

/**
 * A policy with the preset's steps, if one is named, and then the settings: `rollout.metrics.errorBudget=0.02`, the values
 * as in YAML. Checked as pipeline.yaml is; throws UserError.
 */
export function changedPolicy(
  base: ReleasePolicy,
  { preset, settings }: { readonly preset?: string | undefined; readonly settings: readonly string[] },
): ReleasePolicy {
  const start = preset === undefined ? base : withPreset(base, preset);
  const tree = settings.reduce<unknown>(withSetting, { health: start.health, rollout: start.rollout });
  const checked = z.strictObject({ health, rollout }).safeParse(tree);
  if (!checked.success) throw wrong(`that is no policy:\n${z.prettifyError(checked.error)}`);
  return releasePolicy.parse({
    ...start,
    health: checked.data.health,
    rollout: resolveRollout(checked.data.rollout),
  });
}
