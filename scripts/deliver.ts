import { push, type Commit } from './cli/git.ts';
import type { Session } from './cli/session.ts';
import type { Style } from './cli/style.ts';
import { setUp } from './setup/set-up.ts';
import { follow, type Display } from './watch/follow.ts';
import { openViewer, type Snapshot } from './watch/snapshot.ts';
import { allEnded } from './watch/summary.ts';

export interface Delivery {
  readonly session: Session & { readonly origin: string };
  /** The repository that holds the commit. */
  readonly root: string;
  readonly commit: Commit;
  readonly display: Display;
  readonly style: Style;
  readonly interrupted: AbortSignal;
  say(line: string): void;
}

/** Nothing has been triggered when no build has come within this time. */
const triggerSeconds = 15;
/** For the builds of a push to appear. */
const triggerMomentSeconds = 2;
/** For GitHub to learn the last news of a release that has ended. */
const reportSeconds = 20;

/** The repository's address on the local cloud. */
export const remoteOf = ({ origin, pipeline: { repository } }: Delivery['session']): string =>
  `${origin}/${repository.owner}/${repository.name}.git`;

/** Sets the pipeline up, and says what was made. */
export async function setUpLocally({ session, root, style, say }: Delivery): Promise<void> {
  const { pipeline, api, origin, githubToken } = session;
  say(
    `${style.strong('Local cloud')} at ${origin} ${style.dim('(builds and services are plain processes of this machine, without isolation)')}`,
  );
  const started = Date.now();
  const note = (line: string): void => {
    say(style.dim(`  ${line}`));
  };
  await setUp({ pipeline, api, folder: root, githubToken, inventSecrets: true, note });
  say(`Set up in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

/** Pushes the commit to the environment's branch and shows what becomes of it, until every release of it has ended. */
export async function deliver({
  session,
  root,
  commit,
  display,
  style,
  interrupted,
  say,
}: Delivery): Promise<Snapshot> {
  const { pipeline, api, githubApiUrl, githubToken } = session;
  const { branch } = pipeline.environment;
  const remote = remoteOf(session);
  const pushed = await push(root, remote, commit.sha, `refs/heads/${branch}`);
  say(
    `${pushed ? 'Pushed' : 'Had already pushed'} ${style.strong(commit.sha.slice(0, 7))} to ${remote} as ${branch}.\n`,
  );
  const viewer = openViewer(pipeline, api, githubApiUrl, githubToken);
  let endedAt: number | undefined;
  let reported = false;
  return follow(viewer, {
    commit: commit.sha,
    subject: commit.subject,
    display,
    output: process.stdout,
    signal: interrupted,
    async until(now, seconds) {
      if (now.builds.length === 0) return seconds > triggerSeconds;
      // A commit that was built before has builds that have ended; those of this push are about to come.
      if (pushed && seconds < triggerMomentSeconds) return false;
      if (!allEnded(now)) return false;
      endedAt ??= seconds;
      // One more look after GitHub has everything: this one's statuses may have been read just before.
      if (reported || seconds - endedAt > reportSeconds) return true;
      reported = (await viewer.unreported()).length === 0;
      return false;
    },
  });
}
