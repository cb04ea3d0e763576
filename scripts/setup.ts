import { parseCommand, runCommand } from './cli/command.ts';
import { workingTree } from './cli/git.ts';
import { readCloudConfig } from '../functions/platform/config.ts';
import { pipelineAt, requireCredentials } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { cloudApi } from './setup/target.ts';
import { setUp } from './setup/set-up.ts';

const help = `
npm run setup -- --environment NAME --yes [options]

Makes everything on Google Cloud that pipeline.yaml asks for: buckets, topics, subscriptions, the log sink, secrets,
databases, the image repository, the functions, the triggers, the tick, the alert policy. What is there already is left
alone.
It works with the credentials of "gcloud auth application-default login". "npm start" does the same for the local cloud.

  --environment NAME  of pipeline.yaml
  --repo PATH         the repository with pipeline.yaml (default: here)
  --yes               do it: resources of Google Cloud cost money
  --help              this text

The token with which GitHub is written to is taken from GITHUB_TOKEN, if it is set, and kept in Secret Manager.
`;

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    {
      environment: { type: 'string' },
      repo: { type: 'string', default: '.' },
      yes: { type: 'boolean', default: false },
    },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { environment, repo, yes } = parsed.values;
  if (environment === undefined)
    throw new UserError('--environment is missing; pipeline.yaml names them', { exitCode: 2 });
  const root = await workingTree(repo);
  const pipeline = await pipelineAt(root, 'HEAD', environment);
  if (!yes)
    throw new UserError(
      `this makes resources in project ${pipeline.project} (${pipeline.region}), which cost money; run it again with --yes`,
      { exitCode: 2 },
    );
  if (readCloudConfig().cloudApiEndpoint === undefined) await requireCredentials();
  const note = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  await setUp({
    pipeline,
    api: cloudApi(),
    folder: root,
    githubToken: process.env.GITHUB_TOKEN,
    inventSecrets: false,
    note,
  });
  note(`project ${pipeline.project} is set up`);
  return 0;
}

await runCommand(main);
