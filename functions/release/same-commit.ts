import type { CloudBuild } from '../platform/cloud-build.ts';
import { purposeOf, type BuildPurpose } from './build-purpose.ts';

const buildsFor = (
  builds: readonly CloudBuild[],
  repository: string,
  wanted: BuildPurpose['purpose'],
): { service: string; build: CloudBuild }[] =>
  builds.flatMap((build) => {
    const purpose = purposeOf(build, repository);
    return purpose?.purpose === wanted ? [{ service: purpose.service, build }] : [];
  });

/** The first build of a service among those of a commit: its first release, unless another purpose is asked for. */
export const earliestBuild = (
  builds: readonly CloudBuild[],
  service: string,
  repository: string,
  purpose: BuildPurpose['purpose'] = 'release',
): CloudBuild | undefined =>
  buildsFor(builds, repository, purpose)
    .filter((each) => each.service === service)
    .map(({ build }) => build)
    .sort((a, b) => (a.createTime < b.createTime ? -1 : 1))[0];

/** The other services that the builds of a commit release. */
export const siblingsOf = (builds: readonly CloudBuild[], service: string, repository: string): string[] =>
  [
    ...new Set(
      buildsFor(builds, repository, 'release')
        .map((each) => each.service)
        .filter((name) => name !== service),
    ),
  ].sort();
