import type { CloudBuild } from '../platform/cloud-build.ts';
import { releaseKey } from '../release/naming.ts';
import type { Release } from '../release/release.ts';

/** The record of a release of which nothing is known but its build. */
export const newRelease = (
  build: CloudBuild,
  {
    service,
    commit,
    at,
    orderedAt,
  }: { readonly service: string; readonly commit: string; readonly at: string; readonly orderedAt: string },
): Release => ({
  schemaVersion: 2,
  ...releaseKey(service, commit, build.id),
  commit,
  branch: build.branch,
  createdAt: at,
  orderedAt,
  stage: 'building',
  build: {
    id: build.id,
    name: build.name,
    createTime: build.createTime,
    status: 'STATUS_UNKNOWN',
    logUrl: build.logUrl,
    digests: [],
  },
  siblings: [],
  probes: [],
  steps: [],
  approvals: [],
  history: [{ at, stage: 'building', reason: `build ${build.id} was started` }],
});
