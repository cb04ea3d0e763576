import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { openCloudRun } from '../../functions/platform/cloud-run.ts';
import { readCloudConfig } from '../../functions/platform/config.ts';
import { identityToken } from '../../functions/platform/identity-token.ts';
import { releaseKey } from '../../functions/release/naming.ts';
import { noNames, readCommandLine, UsageError, type Command } from './command.ts';
import { clearLoadPlan, writeLoadPlan } from './load/load-plan-file.ts';
import { awaitCandidate } from './smoke/await-candidate.ts';
import { declaredService } from './smoke/declared-service.ts';

/** Tells the steps behind it what k6 has to do. */
export const loadPlanWith = (env: NodeJS.ProcessEnv): Command => ({
  name: 'load-plan',
  summary: 'waits for the candidate, and notes for k6 where it is and what to ask of it',
  help: `builder load-plan --service SERVICE --environment ENVIRONMENT --commit SHA --build ID
                  --scripts FOLDER

Waits until the candidate that \`deploy\` has made is ready, and writes .slipway/load/env, which
a shell can read: BASE_URL (the address of the candidate's tag), LOAD_SCRIPT, PROFILE (the
environment) and, for a service that is not open to the public, TOKEN. Writes nothing for a
service without a script. \`builder load\` reads what k6 leaves.

  --service SERVICE          one of the services in pipeline.yaml
  --environment ENVIRONMENT  one of the environments in pipeline.yaml
  --commit SHA, --build ID   the commit and the build that the candidate is of
  --scripts FOLDER           the script of SERVICE is FOLDER/SERVICE.ts`,

  async run(args, around) {
    const line = readCommandLine(args, ['service', 'environment', 'commit', 'build', 'scripts']);
    noNames(line);
    const { service, environment, commit, build, scripts } = line.options;
    if (!/^[a-z][a-z0-9-]*$/.test(service))
      throw new UsageError(`--service must be the name of a service, not ${service}`);
    await clearLoadPlan(around.folder);
    const script = path.posix.join(scripts, `${service}.ts`);
    if (!existsSync(path.resolve(around.folder, script))) {
      around.print(`${service} has no load test: there is no file ${script}`);
      return 0;
    }
    const { pipeline } = await declaredService(around.folder, environment, service);
    const run = openCloudRun(around.api, pipeline.project, pipeline.region);
    const candidate = await awaitCandidate(run, releaseKey(service, commit, build), around);
    const { revision, url } = candidate;
    const token = candidate.open
      ? undefined
      : await identityToken(readCloudConfig(env).metadataHost, candidate.serviceUrl);
    await writeLoadPlan(
      around.folder,
      { script, revision, url, profile: environment },
      { BASE_URL: url, LOAD_SCRIPT: script, PROFILE: environment, TOKEN: token },
    );
    around.print(`${revision} is ready at ${url}; k6 asks it as ${script} says, profile ${environment}`);
    return 0;
  },
});

export const loadPlan = loadPlanWith(process.env);
