import { expectOk } from './google-api.ts';

/** An identity token for `audience`, from the metadata server of the machine. https://cloud.google.com/run/docs/securing/service-identity */
export async function identityToken(metadataHost: string, audience: string): Promise<string> {
  const url = new URL(`http://${metadataHost}/computeMetadata/v1/instance/service-accounts/default/identity`);
  url.searchParams.set('audience', audience);
  const response = await fetch(url, {
    headers: { 'metadata-flavor': 'Google' },
    signal: AbortSignal.timeout(10_000),
  });
  await expectOk(response, `an identity token for ${audience}`);
  return (await response.text()).trim();
}
