import type { Commit } from '../scripts/cli/git.ts';
import { resolveCommit } from '../scripts/cli/git.ts';
import { cloneBoard } from './board-commits.ts';
import { criticalPath } from './critical-path.ts';
import { buildOf, type ObservedBuild } from './observe.ts';
import { seconds } from './rows.ts';
import { requireBuilt } from './require-built.ts';
import { pushAndWait, withPipeline, type Bench, type LocalSession } from './with-pipeline.ts';

/** The steps that a push waits for: with the first all its checks have ended, with the second its candidate is there. */
const milestones = [
  { step: 'results', what: 'all checks ended' },
  { step: 'deploy', what: 'all candidates deployed' },
] as const;

/** What the figures are, for who reads them. */
export const buildNotes = [
  'Releases of the board on the local cloud, from a push to the main branch.',
  'Cold: a local cloud without any state, so nothing is restored, no layer is there, and each service is made; npm still has its own cache on the machine, so no figure holds the time of the network.',
  'Cached: a line more in the `server.ts` of each service, so packages and the layers of the first stage are there, and the rest runs.',
  'One service: a line more in one of them, and the file filters of the triggers let nothing else run.',
  'Critical path: the longest way through the `waitFor` of a build’s steps, each as long as it took, beside their sum, which is what they would take one after the other; builds of one push share the processors, which makes each step longer than it is alone.',
];

/** When the last of the builds was done with the step; throws when one of them has not got it. */
function lastEnd(builds: readonly ObservedBuild[], step: string): number {
  return Math.max(
    ...builds.map(({ service, steps }) => {
      const found = steps.find(({ id }) => id === step);
      if (!found) throw new Error(`the release of ${service} has no step ${step}`);
      return found.to;
    }),
  );
}

async function measurePush(
  session: LocalSession,
  folder: string,
  commit: Commit,
  services: number,
  kind: string,
  { record }: Bench['rows'],
): Promise<void> {
  const { snapshot, at } = await pushAndWait(session, folder, commit, services);
  await requireBuilt(session, snapshot);
  const builds = await Promise.all(snapshot.builds.map((view) => buildOf(session, view)));
  const built = builds.map(({ service }) => service).join(', ');
  for (const { step, what } of milestones)
    record(`${kind}: push → ${what}`, seconds(lastEnd(builds, step) - at), `built: ${built}`);
  for (const { service, from, to, steps } of builds) {
    const path = criticalPath(steps.map((step) => ({ ...step, ms: step.to - step.from })));
    record(
      `${kind}: ${service}, critical path`,
      `${seconds(path.ms)} of ${seconds(path.sumMs)}`,
      `${(path.sumMs / path.ms).toFixed(1)}× as long one after the other; the build took ${seconds(to - from)}; ${path.steps.join(' → ')}`,
    );
  }
}

/** What a commit's builds take: cold, cached, and when it touches one service only. */
export async function benchBuilds(root: string, bench: Bench): Promise<void> {
  const clone = await cloneBoard(root);
  const { folder } = clone;
  try {
    await withPipeline(folder, bench, async (session) => {
      const sources = Object.values(session.pipeline.services).map(
        (service) => `${service.folder}/server.ts`,
      );
      const first = sources.slice(0, 1);
      const measure = (kind: string, commit: Commit, services: number): Promise<void> =>
        measurePush(session, folder, commit, services, kind, bench.rows);
      await measure('cold', await resolveCommit(folder, 'HEAD'), sources.length);
      await measure('cached', await clone.append(sources, '// cached'), sources.length);
      await measure('one service', await clone.append(first, '// one service'), first.length);
    });
  } finally {
    await clone.remove();
  }
}
