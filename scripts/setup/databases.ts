import { expectOk } from '../../functions/platform/google-api.ts';
import { ensure, getJson, waitFor } from './ensure.ts';
import type { SetupTarget } from './target.ts';

interface Instance {
  state?: string;
}

/** Cloud SQL: instances, each with its database and its user. `passwords` by secret name. */
export async function setUpDatabases(
  { api, pipeline, note }: SetupTarget,
  passwords: ReadonlyMap<string, string>,
): Promise<void> {
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
              settings: { tier, backupConfiguration: { enabled: true } },
            },
          },
        });
        if (created) note(`created Cloud SQL instance ${name}`);
        await waitFor(`Cloud SQL instance ${name}`, 1_200, async () => {
          const instance = (await getJson(api, 'sqladmin', `${base}/${name}`)) as Instance | undefined;
          return instance?.state === 'RUNNABLE' ? instance : undefined;
        });
        await ensure(api, {
          what: `database ${database}`,
          service: 'sqladmin',
          path: `${base}/${name}/databases/${database}`,
          create: { path: `${base}/${name}/databases`, json: { name: database } },
        });
        const password = passwords.get(passwordSecret);
        if (password === undefined)
          throw new Error(`secret ${passwordSecret} of database ${name} has no value`);
        const users = (await getJson(api, 'sqladmin', `${base}/${name}/users`)) as
          { items?: { name: string }[] } | undefined;
        if (users?.items?.some((existing) => existing.name === user)) return;
        const response = await api.request('sqladmin', `${base}/${name}/users`, {
          method: 'POST',
          json: { name: user, password },
        });
        await expectOk(response, `creating user ${user} of ${name}`);
        const operation = (await response.json()) as { name?: string };
        await waitFor(`user ${user} of ${name}`, 300, async () => {
          const state = (await getJson(
            api,
            'sqladmin',
            `/sql/v1beta4/projects/${pipeline.project}/operations/${operation.name ?? ''}`,
          )) as { status?: string; error?: { errors?: { message?: string }[] } } | undefined;
          if (state?.error)
            throw new Error(
              `creating user ${user} of ${name}: ${state.error.errors?.[0]?.message ?? 'failed'}`,
            );
          return state?.status === 'DONE' ? state : undefined;
        });
        note(`created user ${user} of ${name}`);
      },
    ),
  );
}
