import path from 'node:path';
import type { BuildConfig, Volume } from './build-types.ts';
import type { ConfigIssue, ConfigPath } from './config-issue.ts';

const reserved = ['/workspace', '/builder/home', '/builder/outputs', '/var/run/docker.sock'];

function volumeIssues({ name = '', path: mount = '' }: Volume, place: ConfigPath): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    issues.push({
      path: [...place, 'name'],
      message: `"${name}" is no volume name: ^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`,
    });
  }
  const clean = path.posix.normalize(mount).replace(/(.)\/$/, '$1');
  if (!path.posix.isAbsolute(mount))
    issues.push({ path: [...place, 'path'], message: `"${mount}" must be an absolute path` });
  else if (reserved.includes(clean) || clean.startsWith('/cloudbuild/')) {
    issues.push({ path: [...place, 'path'], message: `"${mount}" is reserved by Cloud Build` });
  }
  return issues;
}

function duplicates(volumes: readonly Volume[], key: 'name' | 'path', place: ConfigPath): ConfigIssue[] {
  return volumes.flatMap((volume, index): ConfigIssue[] =>
    volumes.findIndex((other) => other[key] === volume[key]) < index
      ? [{ path: [...place, index, key], message: `"${volume[key] ?? ''}" is used twice in one step` }]
      : [],
  );
}

/** Volumes: names, paths, and that a step's volume is shared with another step. */
export function volumeRuleIssues(build: BuildConfig): ConfigIssue[] {
  const steps = build.steps ?? [];
  const global = build.options?.volumes ?? [];
  const globalPlace: ConfigPath = ['options', 'volumes'];
  const issues = global.flatMap((volume, index) => volumeIssues(volume, [...globalPlace, index]));
  issues.push(...duplicates(global, 'name', globalPlace), ...duplicates(global, 'path', globalPlace));
  if (global.length > 0 && steps.length < 2) {
    issues.push({
      path: globalPlace,
      message: 'a global volume makes sense only in a build of two steps or more',
    });
  }
  steps.forEach((step, index) => {
    const volumes = step.volumes ?? [];
    const place = ['steps', index, 'volumes'];
    issues.push(...duplicates(volumes, 'name', place), ...duplicates(volumes, 'path', place));
    volumes.forEach((volume, position) => {
      const here = [...place, position];
      issues.push(...volumeIssues(volume, here));
      if (global.some(({ name, path: mount }) => name === volume.name || mount === volume.path)) {
        issues.push({
          path: here,
          message: `"${volume.name ?? ''}" conflicts with a volume in options.volumes`,
        });
      }
      const users = steps.filter((other) => other.volumes?.some(({ name }) => name === volume.name));
      if (users.length < 2) {
        issues.push({
          path: here,
          message: `volume "${volume.name ?? ''}" is used by one step only: it must be used by two or more`,
        });
      }
    });
  });
  return issues;
}
