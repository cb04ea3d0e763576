export type Environment = Readonly<Record<string, string | undefined>>;

/** The metadata server of the instance. Everything rejects where there is none. */
export interface Metadata {
  readonly project: () => Promise<string>;
  readonly region: () => Promise<string>;
  /** Of the account that the instance runs as. */
  readonly accessToken: () => Promise<string>;
}

const requestTimeoutMs = 3000;

/** https://cloud.google.com/run/docs/container-contract#metadata-server. Nothing is asked before it is needed. */
export function openMetadata(env: Environment, stopped?: AbortSignal): Metadata {
  const origin = `http://${env['GCE_METADATA_HOST'] || 'metadata.google.internal'}/computeMetadata/v1/`;
  let token = { value: '', expiresAt: 0 };
  let project: string | undefined;
  let region: string | undefined;
  const read = (path: string): Promise<string> =>
    sendRequest(`${origin}${path}`, { headers: { 'metadata-flavor': 'Google' } }, stopped);
  return {
    project: async () => (project ??= await read('project/project-id')),
    async region() {
      // It comes as projects/<number>/regions/<region>.
      region ??= (await read('instance/region')).replace(/^.*\//, '');
      return region;
    },
    async accessToken() {
      if (Date.now() > token.expiresAt) {
        const answer = JSON.parse(await read('instance/service-accounts/default/token'));
        token = { value: answer.access_token, expiresAt: Date.now() + (answer.expires_in - 60) * 1000 };
      }
      return token.value;
    },
  };
}

/** The text of a good answer. Rejects for any other, for none within three seconds, and when `stopped` aborts. */
export async function sendRequest(url: string, init: RequestInit, stopped?: AbortSignal): Promise<string> {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  const response = await fetch(url, {
    ...init,
    signal: stopped ? AbortSignal.any([timeout, stopped]) : timeout,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  return text;
}
