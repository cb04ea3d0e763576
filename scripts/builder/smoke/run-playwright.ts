import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** What a run of the specs is told; nothing of it shows on the command line, where every process could read the token. */
export interface SmokeRun {
  readonly baseUrl: string;
  readonly revision: string;
  readonly token: string | undefined;
  /** A browser of this machine; undefined for Playwright's own. */
  readonly browser: string | undefined;
  /** Playwright's own browsers, where they are not in its usual place. */
  readonly browsers: string | undefined;
  /** Absolute. */
  readonly reports: string;
}

/** Runs the specs of one service with the Playwright that is installed beside them; the exit code. */
export function runPlaywright(specs: string, service: string, run: SmokeRun): Promise<number> {
  const command = path.join(specs, 'node_modules', '.bin', 'playwright');
  const told = {
    BASE_URL: run.baseUrl,
    SMOKE_REVISION: run.revision,
    SMOKE_REPORTS: run.reports,
    SMOKE_TOKEN: run.token,
    CHROMIUM_PATH: run.browser,
    PLAYWRIGHT_BROWSERS_PATH: run.browsers,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(command, ['test', '--project', service], {
      cwd: specs,
      stdio: 'inherit',
      env: { ...process.env, ...told },
    });
    child.once('error', (cause) => {
      reject(
        new Error(
          `Playwright could not be started: ${cause.message}; is @playwright/test among the packages of ${specs}?`,
          { cause },
        ),
      );
    });
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
