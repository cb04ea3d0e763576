import type { CloudBuild } from '../platform/cloud-build.ts';
import { purposeOf } from './describe-build.ts';

const releasesOf = (
  builds: readonly CloudBuild[],
  repository: string,
): { service: string; build: CloudBuild }[] =>
  builds.flatMap((build) => {
    const purpose = purposeOf(build, repository);
    return purpose?.purpose === 'release' ? [{ service: purpose.service, build }] : [];
  });

/** The first release build of a service among those of a commit. */
export const earliestBuild = (
  builds: readonly CloudBuild[],
  service: string,
  repository: string,
): CloudBuild | undefined =>
  releasesOf(builds, repository)
    .filter((each) => each.service === service)
    .map(({ build }) => build)
    .sort((a, b) => (a.createTime < b.createTime ? -1 : 1))[0];

/** The other services that the builds of a commit release. */
export const siblingsOf = (builds: readonly CloudBuild[], service: string, repository: string): string[] =>
  [
    ...new Set(
      releasesOf(builds, repository)
        .map((each) => each.service)
        .filter((name) => name !== service),
    ),
  ].sort();
