import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { openCloudRun } from '../../functions/platform/cloud-run.ts';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { readCloudConfig } from '../../functions/platform/config.ts';
import { identityToken } from '../../functions/platform/identity-token.ts';
import { openLedger } from '../../functions/release/ledger.ts';
import { releaseKey } from '../../functions/release/naming.ts';
import { stateBucket } from '../pipeline/pipeline.ts';
import { noNames, readCommandLine, UsageError, type Command } from './command.ts';
import { openGateReports } from './gate-reports.ts';
import { install } from './install.ts';
import { awaitCandidate } from './smoke/await-candidate.ts';
import { declaredService } from './smoke/declared-service.ts';
import { findBrowser } from './smoke/find-browser.ts';
import { runPlaywright } from './smoke/run-playwright.ts';
import { unreleasedServices } from './smoke/unreleased-services.ts';
import { readStorageAddress } from './storage-address.ts';

const options = ['service', 'environment', 'commit', 'build', 'specs', 'cache', 'to'] as const;

/** Looks at a candidate with a browser. A build that fails here has failed: its candidate never gets traffic. */
export const smokeWith = (env: NodeJS.ProcessEnv): Command => ({
  name: 'smoke',
  summary: 'looks at the candidate with a browser, at its own address, before it gets traffic',
  help: `builder smoke --service SERVICE --environment ENVIRONMENT --commit SHA --build ID
              --specs FOLDER --cache gs://BUCKET[/PREFIX] --to gs://BUCKET[/PREFIX]

Waits until the candidate that \`deploy\` has made is ready, and runs the Playwright specs of
the service against the address of its tag. Does nothing for a service without specs. Without
a browser, or before the services that the page needs are open to the public, nothing can be
looked at: the log and the reports say \`skipped\` and why, and the exit code is 0.
Reports: smoke.junit.xml, smoke.md and smoke/ in the folder reports of the service.

  --service SERVICE          one of the services in pipeline.yaml
  --environment ENVIRONMENT  one of the environments in pipeline.yaml
  --commit SHA, --build ID   the commit and the build that the candidate is of
  --specs FOLDER             a package with Playwright; specs of SERVICE are in FOLDER/SERVICE
  --cache ADDRESS            the bucket of the npm cache, as for \`builder install\`
  --to ADDRESS               where the reports are kept

CHROMIUM_PATH names a browser; otherwise it takes those of PLAYWRIGHT_BROWSERS_PATH, a chromium
or google-chrome on PATH, or what \`playwright install\` has left.`,

  async run(args, around) {
    const line = readCommandLine(args, options);
    noNames(line);
    const { service: name, specs, cache, environment, commit, build } = line.options;
    if (!/^[a-z][a-z0-9-]*$/.test(name))
      throw new UsageError(`--service must be the name of a service, not ${name}`);
    const to = readStorageAddress('to', line.options.to);
    if (!existsSync(path.resolve(around.folder, specs, name))) {
      around.print(`${name} has no browser smoke: there is no folder ${specs}/${name}`);
      return 0;
    }
    const { pipeline, service, publicOthers } = await declaredService(around.folder, environment, name);
    const folder = path.resolve(around.folder, service.folder, 'reports');
    const reports = await openGateReports(around, {
      name: 'smoke',
      title: 'browser smoke',
      service: name,
      folder,
      to,
    });

    const browser = findBrowser({ env, home: homedir(), exists: existsSync });
    if (!browser)
      return reports.skip('no browser here; install Chromium or Google Chrome, or name one in CHROMIUM_PATH');
    const run = openCloudRun(around.api, pipeline.project, pipeline.region);
    const ledger = openLedger(openBucket(around.api, stateBucket(pipeline)), {
      now: () => new Date(around.now()),
      sleep: around.sleep,
    });
    const unreleased = await unreleasedServices(run, ledger, publicOthers);
    if (unreleased.length > 0)
      return reports.skip(
        `closed to the public until the first release, so no page gets there: ${unreleased.join(', ')}`,
      );
    const candidate = await awaitCandidate(run, releaseKey(name, commit, build), around);
    around.print(`${candidate.revision} is ready at ${candidate.url}`);
    const installed = await install.run(['--folder', specs, '--cache', cache], around);
    if (installed !== 0) return reports.end(installed);

    const exitCode = await runPlaywright(path.resolve(around.folder, specs), name, {
      baseUrl: candidate.url,
      revision: candidate.revision,
      token: candidate.open
        ? undefined
        : await identityToken(readCloudConfig(env).metadataHost, candidate.serviceUrl),
      browser: browser.kind === 'machine' ? browser.file : undefined,
      browsers: browser.kind === 'playwright' ? browser.folder : undefined,
      reports: folder,
    });
    if (exitCode === 0) around.print('smoke passed');
    else
      around.print(
        `smoke failed with exit ${exitCode}: this build fails, and ${candidate.revision} gets no traffic. ` +
          `The same here: BASE_URL=${candidate.url} npx playwright test --config ${specs} --project ${name}`,
      );
    return reports.end(exitCode);
  },
});

export const smoke = smokeWith(process.env);
