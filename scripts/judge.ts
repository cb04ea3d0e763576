import { readFile } from 'node:fs/promises';
import { openBuilds } from '../functions/platform/cloud-build.ts';
import { openBucket, type Bucket } from '../functions/platform/cloud-storage.ts';
import { evidenceSchema, type Evidence } from '../functions/release/evidence.ts';
import { openLedger } from '../functions/release/ledger.ts';
import { objects } from '../functions/release/naming.ts';
import type { ReleasePolicy } from '../functions/release/policy.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { openSession, sessionHelp, sessionOptions, type Session } from './cli/session.ts';
import { createStyle, printable, useColours } from './cli/style.ts';
import { UserError } from './cli/user-error.ts';
import { changedPolicy } from './judge/changed-policy.ts';
import { compare, type Judged } from './judge/compare.ts';
import { comparisonLines } from './judge/comparison-lines.ts';
import { formatErrors } from './pipeline/errors.ts';
import { loadPipeline } from './pipeline/load.ts';
import { policyOf, stateBucket } from './pipeline/pipeline.ts';
import { readPipelineFile } from './pipeline/read.ts';
import { namedRelease, newestRelease } from './status/find-release.ts';

const help = `
npm run judge -- SERVICE [RELEASE] [options]

What would another policy have said of a past release? Judges what is stored of it (its newest release, or the one named:
its id, its commit, or a beginning) look by look, with the code that judges releases, under the policy that it had and
under another one, and shows both beside what happened. Nothing is changed.

The other policy is the service's in the pipeline.yaml of --repo as it stands there now, or:
  --policy FILE       the service's in this pipeline.yaml
  --preset NAME       the policy that it had, with the steps of instant, canary or careful
  --set KEY=VALUE     the policy that it had, with another value: rollout.metrics.errorBudget=0.02,
                      'rollout.steps=[{percent: 10, atLeastSeconds: 60, atMostSeconds: 600}]'; several times
--preset and --set go on top of --policy where both are given.

  --json              everything, as one JSON object
${sessionHelp}

Exit codes: 0 shown, 1 there is no such release or nothing is stored of it, 2 wrong usage.
`;

const daysBack = 30;
const pageColumns = 100;

async function findRelease(
  session: Session,
  bucket: Bucket,
  service: string,
  start?: string,
): Promise<Judged> {
  const { api, pipeline } = session;
  const ledger = openLedger(bucket, { now: () => new Date(), sleep: () => Promise.resolve() });
  const since = new Date(Date.now() - daysBack * 24 * 60 * 60_000);
  const builds = openBuilds(api, pipeline.project, pipeline.region);
  const release =
    start === undefined
      ? await newestRelease(ledger, await ledger.service(service), await builds.createdSince(since))
      : await namedRelease(bucket, ledger, service, start);
  if (!release)
    throw new UserError(
      start === undefined
        ? `${service} has no release`
        : `${service} has no release ${start}; npm run status shows the latest commits`,
    );
  const { candidate } = release;
  if (!candidate) throw new UserError(`${release.id} has no revision: there was nothing to judge`);
  return { ...release, candidate };
}

async function readEvidence(bucket: Bucket, release: Judged): Promise<Evidence> {
  const object = objects.evidence(release);
  const stored = await bucket.read(object);
  if (!stored)
    throw new UserError(`nothing was seen of ${release.id}, or it is no longer kept: there is no ${object}`);
  const evidence = evidenceSchema.safeParse(JSON.parse(stored.text));
  if (!evidence.success)
    throw new UserError(`${object} cannot be read: another version of the pipeline wrote it?`, {
      cause: evidence.error,
    });
  return evidence.data;
}

async function policyIn(
  session: Session,
  service: string,
  folder: string,
  file: string | undefined,
): Promise<ReleasePolicy> {
  const environment = session.pipeline.environment.name;
  const loaded =
    file === undefined
      ? await readPipelineFile(folder, environment)
      : loadPipeline(await textOf(file), { file, environment });
  if (!loaded.ok) throw new UserError(formatErrors(loaded.errors), { exitCode: 2 });
  const config = loaded.pipeline.services[service];
  if (!config) throw new UserError(`${file ?? 'pipeline.yaml'} has no service ${service}`, { exitCode: 2 });
  return policyOf(loaded.pipeline, service, config);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError(`${file} cannot be read`, { cause, exitCode: 2 });
  }
}

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    {
      ...sessionOptions,
      policy: { type: 'string' },
      preset: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const [service, start, ...rest] = positionals;
  if (service === undefined || rest.length > 0)
    throw new UserError('name one service: npm run judge -- SERVICE [RELEASE]; --help says more', {
      exitCode: 2,
    });
  const session = await openSession(values);
  const bucket = openBucket(session.api, stateBucket(session.pipeline));
  const release = await findRelease(session, bucket, service, start);
  const evidence = await readEvidence(bucket, release);

  const { policy: file, preset, set: settings } = values;
  const onItsOwn = file === undefined && (preset !== undefined || settings.length > 0);
  const base = onItsOwn ? release.candidate.policy : await policyIn(session, service, values.repo, file);
  const policy = changedPolicy(base, { preset, settings });
  const comparison = compare(release, evidence, policy);
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ service, release: release.id, had: release.candidate.policy, tried: policy, comparison }, null, 2)}\n`,
    );
    return 0;
  }
  const name = [
    ...(onItsOwn ? [] : [file ?? 'pipeline.yaml']),
    ...(preset === undefined ? [] : [preset]),
    ...settings,
  ];
  const { stdout } = process;
  const style = createStyle(useColours(stdout));
  const title = `${style.strong(printable(service))} ${release.id}, which is ${release.stage}`;
  const columns = stdout.isTTY ? Math.max(40, stdout.columns) : pageColumns;
  stdout.write(
    `${[title, '', ...comparisonLines(comparison, name.join(', '), columns, style)].join('\n')}\n`,
  );
  return 0;
}

await runCommand(main);
