import type { CloudBuild } from '../platform/cloud-build.ts';
import { substitutions } from './naming.ts';

/** What one of our builds is for; undefined when the build is none of ours. */
export interface BuildPurpose {
  readonly service: string;
  readonly purpose: 'checks' | 'release';
  readonly commit: string;
}

export function purposeOf(build: CloudBuild, repository: string): BuildPurpose | undefined {
  const service = build.substitutions[substitutions.service];
  const purpose = build.substitutions[substitutions.purpose];
  if (!service || build.commit === undefined) return undefined;
  if (purpose !== 'checks' && purpose !== 'release') return undefined;
  if (build.repository !== repository) return undefined;
  return { service, purpose, commit: build.commit };
}
