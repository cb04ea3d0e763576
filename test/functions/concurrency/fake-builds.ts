import type { Builds, CloudBuild, OngoingBuilds } from '../../../functions/platform/cloud-build.ts';

/** A checks build of `api` on `feature`, of a commit of its own; `at` is its minute. */
export const checksBuild = (id: string, at: number, part: Partial<CloudBuild> = {}): CloudBuild => ({
  id,
  name: `projects/1/locations/l/builds/${id}`,
  status: 'WORKING',
  statusDetail: '',
  failure: '',
  commit: id.charCodeAt(0).toString(16).padEnd(40, '0'),
  repository: 'acme/board',
  branch: 'feature',
  substitutions: { _SERVICE: 'api', _PURPOSE: 'checks' },
  steps: [],
  logUrl: '',
  createTime: new Date(Date.UTC(2026, 1, 1, 12, at)).toISOString(),
  seconds: undefined,
  digests: [],
  ...part,
});

export const hasEnded = ({ status }: CloudBuild): boolean =>
  !['PENDING', 'QUEUED', 'WORKING'].includes(status);

/** Cloud Build as far as its builds go. What has ended stays as it ended. */
export interface FakeBuilds extends Builds, OngoingBuilds {
  readonly all: Map<string, CloudBuild>;
  /** Ids, in the order in which they were cancelled. */
  readonly cancelled: string[];
  add(build: CloudBuild): void;
  end(id: string, status: CloudBuild['status']): void;
}

export function fakeBuilds(): FakeBuilds {
  const all = new Map<string, CloudBuild>();
  const cancelled: string[] = [];
  const those = (test: (build: CloudBuild) => boolean): CloudBuild[] =>
    [...all.values()].filter(test).reverse();
  const end: FakeBuilds['end'] = (id, status) => {
    const build = all.get(id);
    if (build && !hasEnded(build)) all.set(id, { ...build, status });
  };
  return {
    all,
    cancelled,
    add: (build) => void all.set(build.id, build),
    end,
    get: async (name) => those((build) => build.name === name)[0],
    createdSince: async (time) => those(({ createTime }) => createTime >= time.toISOString()),
    ofCommit: async (commit) => those((build) => build.commit === commit),
    ongoing: async () => those((build) => !hasEnded(build)),
    async cancel(name) {
      const [build] = those((each) => each.name === name);
      if (!build) throw new Error(`${name} does not exist`);
      if (hasEnded(build)) return 'ended';
      end(build.id, 'CANCELLED');
      cancelled.push(build.id);
      return 'asked';
    },
  };
}
