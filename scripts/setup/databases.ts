import { expectOk } from '../../functions/platform/google-api.ts';
import { ensure, getJson, waitFor } from './ensure.ts';
import type { SetupTarget } from './target.ts';

interface SqlOperation {
  status?: string;
  error?: { errors?: { message?: string }[] };
}

interface Instance {
  state?: string;
}

/** Cloud SQL: instances, each with its database and its user. `passwords` by secret name. */
export async function setUpDatabases(
  { api, pipeline, note }: SetupTarget,
  passwords: ReadonlyMap<string, string>,
): Promise<void> {
  /** Creates something in an instance and waits for it: an instance takes one operation at a time. */
  const operate = async (what: string, path: string, json: unknown): Promise<void> => {
    const response = await api.request('sqladmin', path, { method: 'POST', json });
    await expectOk(response, `creating ${what}`);
    const { name = '' } = (await response.json()) as { name?: string };
    await waitFor(what, 300, async () => {
      const state = (await getJson(
        api,
        'sqladmin',
        `/sql/v1beta4/projects/${pipeline.project}/operations/${name}`,
      )) as SqlOperation | undefined;
      if (state?.error) throw new Error(`creating ${what}: ${state.error.errors?.[0]?.message ?? 'failed'}`);
      return state?.status === 'DONE' ? state : undefined;
    });
  };
  await Promise.all(
    Object.entries(pipeline.databases).map(
      async ([name, { version, tier, database, user, passwordSecret }]) => {
        const base = `/sql/v1beta4/projects/${pipeline.project}/instances`;
        const created = await ensure(api, {
          what: `Cloud SQL instance ${name}`,
          service: 'sqladmin',
          path: `${base}/${name}`,
          create: {
            path: base,
            json: {
              name,
              region: pipeline.region,
              databaseVersion: version,
              settings: { tier, edition: 'ENTERPRISE', backupConfiguration: { enabled: true } },
            },
          },
        });
        if (created) note(`created Cloud SQL instance ${name}`);
        await waitFor(`Cloud SQL instance ${name}`, 1_200, async () => {
          const instance = (await getJson(api, 'sqladmin', `${base}/${name}`)) as Instance | undefined;
          return instance?.state === 'RUNNABLE' ? instance : undefined;
        });
        if (!(await getJson(api, 'sqladmin', `${base}/${name}/databases/${database}`))) {
          await operate(`database ${database} of ${name}`, `${base}/${name}/databases`, { name: database });
        }
        const password = passwords.get(passwordSecret);
        if (password === undefined)
          throw new Error(`secret ${passwordSecret} of database ${name} has no value`);
        const users = (await getJson(api, 'sqladmin', `${base}/${name}/users`)) as
          { items?: { name: string }[] } | undefined;
        if (users?.items?.some((existing) => existing.name === user)) return;
        await operate(`user ${user} of ${name}`, `${base}/${name}/users`, { name: user, password });
        note(`created user ${user} of ${name}`);
      },
    ),
  );
}
