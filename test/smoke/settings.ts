import path from 'node:path';
import process from 'node:process';

/** What a run is told by its environment. */
export interface SmokeSettings {
  /** Where the page is: a candidate's own address, or the one that everybody uses. */
  readonly baseUrl: string;
  /** An identity token for a service that is not open to the public. */
  readonly token: string | undefined;
  /** The revision that has to answer; undefined for whichever does. */
  readonly revision: string | undefined;
  /** Where the reports go: absolute. */
  readonly reports: string;
  /** A browser of this machine; undefined for the one that Playwright installs. */
  readonly browser: string | undefined;
}

/** The settings of this process. Throws when the address is missing or none. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): SmokeSettings {
  const url = URL.parse(env.BASE_URL ?? '');
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Error(
      'environment variable BASE_URL is no http or https address: it holds the address of the page to look at, ' +
        'as in BASE_URL=http://127.0.0.1:8080 npx playwright test --config test/smoke',
    );
  const given = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  return {
    baseUrl: url.href,
    token: given('SMOKE_TOKEN'),
    revision: given('SMOKE_REVISION'),
    reports: given('SMOKE_REPORTS') ?? path.join(import.meta.dirname, 'reports'),
    browser: given('CHROMIUM_PATH'),
  };
}
