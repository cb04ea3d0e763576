import { createHash } from 'node:crypto';
import { parseReference, repositoryImage } from '../../../local/images/image-reference.ts';
import { expectOk, type GoogleApi } from '../../../functions/platform/google-api.ts';

interface Index {
  readonly manifests?: readonly {
    readonly digest?: string;
    readonly platform?: { readonly os?: string; readonly architecture?: string };
  }[];
}

/**
 * The manifest of an image in Artifact Registry, by digest, as text; of an image for several platforms that of
 * linux/amd64. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export async function readManifest(api: GoogleApi, reference: string): Promise<string> {
  const { name = '', digest } = parseReference(reference) ?? {};
  const place = repositoryImage(name);
  if (!place || digest === undefined)
    throw new Error(
      `${reference} is no image of Artifact Registry by digest: <location>-docker.pkg.dev/<project>/<repository>/<image>@sha256:…`,
    );
  const fetchOne = async (wanted: string): Promise<string> => {
    const path = `/v2/${place.projectId}/${place.repository}/${place.image}/manifests/${wanted}`;
    // The registry has hosts of its own, a whole address stands; any other cloud has one address for all.
    const address = api.clientOptions.apiEndpoint === undefined ? `https://${place.host}${path}` : path;
    const response = await expectOk(
      await api.request('artifactregistry', address),
      `reading the manifest of ${reference}`,
    );
    const text = await response.text();
    const got = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    if (got !== wanted) throw new Error(`the registry answered with ${got} when asked for ${wanted}`);
    return text;
  };
  const text = await fetchOne(digest);
  const { manifests } = JSON.parse(text) as Index;
  if (!manifests) return text;
  const own = manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64',
  )?.digest;
  if (own === undefined) throw new Error(`${reference} has no image for linux/amd64`);
  return fetchOne(own);
}
