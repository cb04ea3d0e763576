import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { randomBytes } from 'node:crypto';
import { unlessExists } from './ensure.ts';
import type { SetupTarget } from './target.ts';

export const githubTokenSecret = 'slipway-github-token';

const madeUp = (): string => randomBytes(24).toString('base64url');

/** What has to stand in Secret Manager, and where its first value comes from when there is none yet. */
function wanted({
  pipeline,
  githubToken,
  inventSecrets,
}: SetupTarget): Map<string, (() => string) | undefined> {
  const secrets = new Map<string, (() => string) | undefined>();
  for (const service of Object.values(pipeline.services)) {
    for (const secret of Object.values(service.secrets))
      secrets.set(secret, inventSecrets ? madeUp : undefined);
  }
  for (const secret of Object.values(pipeline.functions?.secrets ?? {}))
    secrets.set(secret, inventSecrets ? madeUp : undefined);
  for (const { passwordSecret } of Object.values(pipeline.databases)) {
    secrets.set(passwordSecret, madeUp);
  }
  secrets.set(githubTokenSecret, githubToken === undefined ? undefined : () => githubToken);
  return secrets;
}

/**
 * Makes the secrets that `pipeline.yaml` names. Passwords of databases are made up; a secret whose value only people
 * know is created empty, and the note says how to fill it. Existing values are never changed.
 */
export async function setUpSecrets(
  target: SetupTarget,
): Promise<{ readonly databasePasswords: ReadonlyMap<string, string> }> {
  const { api, pipeline, note } = target;
  const client = new SecretManagerServiceClient(api.clientOptions);
  const databasePasswords = new Map<string, string>();
  try {
    for (const [secret, initial] of wanted(target)) {
      const name = `projects/${pipeline.project}/secrets/${secret}`;
      const created = await unlessExists(() =>
        client.createSecret({
          parent: `projects/${pipeline.project}`,
          secretId: secret,
          secret: { replication: { automatic: {} } },
        }),
      );
      if (created) note(`created secret ${secret}`);
      const exists = await hasValue(client, name);
      if (!exists && initial) {
        await client.addSecretVersion({ parent: name, payload: { data: Buffer.from(initial()) } });
        if (initial === madeUp) note(`made up a value for secret ${secret}`);
      }
      if (!exists && !initial)
        note(`secret ${secret} has no value yet: gcloud secrets versions add ${secret} --data-file=-`);
    }
    // Only these are read: nobody else's value is setup's business.
    for (const { passwordSecret } of Object.values(pipeline.databases)) {
      const name = `projects/${pipeline.project}/secrets/${passwordSecret}/versions/latest`;
      const [version] = await client.accessSecretVersion({ name });
      databasePasswords.set(passwordSecret, Buffer.from(version.payload?.data ?? '').toString('utf8'));
    }
  } finally {
    await client.close();
  }
  return { databasePasswords };
}

async function hasValue(client: SecretManagerServiceClient, secret: string): Promise<boolean> {
  try {
    await client.getSecretVersion({ name: `${secret}/versions/latest` });
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 5 || code === 404) return false;
    throw error;
  }
}
