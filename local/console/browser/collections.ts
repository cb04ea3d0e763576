import type { AlertJson } from './alert-view.ts';
import { callApi, listAll } from './api.ts';
import type { BuildJson } from './build-view.ts';
import type { EntryJson } from './entry-view.ts';
import type { FunctionJson } from './function-view.ts';
import type { ServiceJson } from './service-view.ts';

export interface Place {
  /** Prefix of every address; empty in a page of the local cloud itself. */
  readonly origin: string;
  readonly project: string;
  readonly region: string;
}

const shownBuilds = 20;
const shownEntries = 200;

/** The APIs the console reads: each a public one of Google Cloud's. */
export const collections = {
  services: ({ origin, project, region }: Place): Promise<ServiceJson[]> =>
    listAll(`${origin}/v2/projects/${project}/locations/${region}/services`),
  functions: ({ origin, project, region }: Place): Promise<FunctionJson[]> =>
    listAll(`${origin}/v2/projects/${project}/locations/${region}/functions`),
  subscriptions: ({ origin, project }: Place): Promise<{ name: string }[]> =>
    listAll(`${origin}/v1/projects/${project}/subscriptions`),
  /** Those that stand open, the newest first. */
  async alerts({ origin, project }: Place): Promise<AlertJson[]> {
    const filter = encodeURIComponent('state="OPEN"');
    const answer = await callApi(`${origin}/v3/projects/${project}/alerts?filter=${filter}`);
    return ((answer.alerts as AlertJson[] | undefined) ?? []).toReversed();
  },
  /** Their names; values are never asked for. */
  secrets: ({ origin, project }: Place): Promise<{ name: string }[]> =>
    listAll(`${origin}/v1/projects/${project}/secrets`),
  /** The newest first. */
  async builds({ origin, project, region }: Place): Promise<BuildJson[]> {
    const url = `${origin}/v1/projects/${project}/locations/${region}/builds?pageSize=${shownBuilds}`;
    return ((await callApi(url)).builds as BuildJson[] | undefined) ?? [];
  },
} as const;

/** The newest entries that pass a Logging query, the newest first. Throws ApiFailure for a query that is none. */
export async function newestEntries({ origin, project }: Place, filter: string): Promise<EntryJson[]> {
  const answer = await callApi(`${origin}/v2/entries:list`, {
    resourceNames: [`projects/${project}`],
    filter,
    orderBy: 'timestamp desc',
    pageSize: shownEntries,
  });
  return (answer.entries as EntryJson[] | undefined) ?? [];
}
