import { readFile, rm, writeFile } from 'node:fs/promises';
import { GoogleAuth } from 'google-auth-library';
import path from 'node:path';
import { z } from 'zod';
import { createGoogleApi, type GoogleApi } from '../../functions/platform/google-api.ts';
import { formatErrors } from '../pipeline/errors.ts';
import { loadPipeline } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { fileAt, resolveCommit, workingTree } from './git.ts';
import { UserError } from './user-error.ts';

/** A pipeline and the cloud that it runs on. */
export interface Session {
  readonly pipeline: Pipeline;
  readonly api: GoogleApi;
  /** The local cloud's address; undefined on Google Cloud. */
  readonly origin: string | undefined;
  readonly githubApiUrl: string;
  readonly githubToken: string | undefined;
}

const pipelineFile = 'pipeline.yaml';

/** What a running local cloud tells the other commands. */
const running = z.object({ origin: z.string(), pid: z.number(), repo: z.string(), ref: z.string() });
export type RunningCloud = z.infer<typeof running>;

const runningFile = (stateFolder: string): string => path.join(stateFolder, 'running.json');

export const announce = (stateFolder: string, cloud: RunningCloud): Promise<void> =>
  writeFile(runningFile(stateFolder), JSON.stringify(cloud));
export const withdraw = (stateFolder: string): Promise<void> => rm(runningFile(stateFolder), { force: true });

/** GitHub on the local cloud asks for a token, but any will do. */
const localGithubToken = 'local-cloud';

/** The `pipeline.yaml` of a commit. */
export async function pipelineAt(repo: string, ref: string, environment: string): Promise<Pipeline> {
  const root = await workingTree(repo);
  const { sha } = await resolveCommit(root, ref);
  const text = await fileAt(root, sha, pipelineFile);
  if (text === undefined) {
    throw new UserError(
      `commit ${sha.slice(0, 7)} of ${root} has no ${pipelineFile}; write one (docs/pipeline.md says how) and commit it`,
    );
  }
  const loaded = loadPipeline(text, { file: pipelineFile, environment });
  if (!loaded.ok)
    throw new UserError(
      `${pipelineFile} of commit ${sha.slice(0, 7)} is not right:\n${formatErrors(loaded.errors)}`,
    );
  return loaded.pipeline;
}

export function localSession(pipeline: Pipeline, origin: string): Session {
  return {
    pipeline,
    origin,
    api: createGoogleApi(origin),
    githubApiUrl: origin,
    githubToken: localGithubToken,
  };
}

/** After a kill the file stands there still, and another local cloud may have its port. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isUp(origin: string): Promise<boolean> {
  // Where nobody listens the refusal comes at once; a machine with much to do may be slow to answer.
  const timeoutMs = 15_000;
  try {
    const response = await fetch(`${origin}/computeMetadata/v1/project/project-id`, {
      headers: { 'metadata-flavor': 'Google' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Throws a sentence, instead of what each client would say in its own words. */
export async function requireCredentials(): Promise<void> {
  try {
    await new GoogleAuth().getClient();
  } catch (cause) {
    throw new UserError(
      'there are no credentials for Google Cloud; run "gcloud auth application-default login" and try again',
      { cause },
    );
  }
}

/** The session of a command: the local cloud that runs on `state`, or Google Cloud for any other environment. */
export async function openSession({
  environment,
  state,
  repo,
}: {
  environment: string;
  state: string;
  repo: string;
}): Promise<Session> {
  if (environment !== 'local') {
    const pipeline = await pipelineAt(repo, 'HEAD', environment);
    await requireCredentials();
    return {
      pipeline,
      api: createGoogleApi(undefined),
      origin: undefined,
      githubApiUrl: 'https://api.github.com',
      githubToken: process.env.GITHUB_TOKEN,
    };
  }
  const text = await readFile(runningFile(state), 'utf8').catch(() => undefined);
  const cloud = text === undefined ? undefined : running.parse(JSON.parse(text));
  if (!cloud || !isRunning(cloud.pid) || !(await isUp(cloud.origin))) {
    throw new UserError(
      `no local cloud runs on ${state}; start one with "npm start", or name its folder with --state`,
    );
  }
  return localSession(await pipelineAt(cloud.repo, cloud.ref, 'local'), cloud.origin);
}

/** Options that every command about a pipeline has. */
export const sessionOptions = {
  environment: { type: 'string', default: 'local' },
  state: { type: 'string', default: '.local' },
  repo: { type: 'string', default: '.' },
} as const;

export const sessionHelp = `  --environment NAME  of pipeline.yaml; "local" (default) is the local cloud, any other is on Google Cloud
  --state DIR         the local cloud's folder (default .local)
  --repo PATH         the repository with pipeline.yaml, on Google Cloud (default: here)
  --help              this text`;
