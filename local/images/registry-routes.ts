import { handled, Reply, type ApiRequest, type Route } from '../core/room.ts';
import { manifestType, type ImageDisk } from './image-disk.ts';
import { repositoryImage } from './image-reference.ts';
import type { PushedImages } from './pushed-images.ts';
import { sha256 } from './file-tree.ts';

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
function refuse(status: number, code: string, message: string): Reply {
  return new Reply(status, { errors: [{ code, message, detail: null }] });
}

export interface RegistryParts {
  readonly disk: ImageDisk;
  readonly pushed: PushedImages;
  /** Where a name is when the Host header does not say it. */
  readonly defaultLocation: string;
  readonly repositoryExists: (projectId: string, location: string, repository: string) => boolean;
}

/**
 * The Docker Registry HTTP API v2 as far as clients need it to look images up, and the PUT of a manifest with which
 * `docker push` here ends: contents are on this machine's disk already, so no blob is uploaded.
 */
export function registryRoutes({ disk, pushed, defaultLocation, repositoryExists }: RegistryParts): Route[] {
  const nameOf = ({ params, headers }: ApiRequest): string => {
    const host = /^[a-z0-9-]+-docker\.pkg\.dev(?=$|:)/.exec(headers.host ?? '')?.[0];
    return `${host ?? `${defaultLocation}-docker.pkg.dev`}/${params.name ?? ''}`;
  };
  const send = ({ response }: ApiRequest, content: string | Buffer, type: string, digest: string) => {
    response.writeHead(200, {
      'content-type': type,
      'content-length': Buffer.byteLength(content),
      'docker-content-digest': digest,
      'docker-distribution-api-version': 'registry/2.0',
    });
    response.end(content);
    return handled;
  };
  /** Why there is nothing to be found below `name`, or undefined. */
  const unknownName = (name: string): Reply | undefined => {
    const image = repositoryImage(name);
    if (!image) return refuse(404, 'NAME_UNKNOWN', `${name} is not <project>/<repository>/<image>`);
    const { projectId, location, repository } = image;
    return repositoryExists(projectId, location, repository)
      ? undefined
      : refuse(404, 'NAME_UNKNOWN', `Repository "${repository}" not found in ${projectId}, ${location}`);
  };
  return [
    {
      method: 'GET',
      path: '/v2/',
      handle: () => new Reply(200, {}, { 'docker-distribution-api-version': 'registry/2.0' }),
    },
    {
      method: 'GET',
      path: '/v2/{name=**}/manifests/{reference=**}',
      handle(request) {
        const name = nameOf(request);
        const { reference = '' } = request.params;
        const found = pushed.find(name, reference);
        const image = found && disk.image(found.digest);
        if (image) return send(request, image.manifest, manifestType, image.digest);
        return (
          unknownName(name) ?? refuse(404, 'MANIFEST_UNKNOWN', `Failed to fetch "${reference}" of ${name}`)
        );
      },
    },
    {
      method: 'PUT',
      path: '/v2/{name=**}/manifests/{reference=**}',
      async handle(request) {
        const name = nameOf(request);
        const { reference = '' } = request.params;
        const unknown = unknownName(name);
        if (unknown) return unknown;
        const digest = `sha256:${sha256(await request.bytes())}`;
        const isDigest = reference.startsWith('sha256:');
        if (isDigest && reference !== digest)
          return refuse(400, 'DIGEST_INVALID', `the manifest is ${digest}`);
        if (!isDigest && !/^\w[\w.-]{0,127}$/.test(reference))
          return refuse(400, 'TAG_INVALID', `"${reference}" is no tag`);
        if (!disk.image(digest))
          return refuse(
            404,
            'MANIFEST_BLOB_UNKNOWN',
            `the contents of ${digest} were not built on this machine`,
          );
        pushed.push(name, digest, isDigest ? undefined : reference);
        return new Reply(201, undefined, { 'docker-content-digest': digest });
      },
    },
    {
      method: 'GET',
      path: '/v2/{name=**}/blobs/{digest=**}',
      handle(request) {
        const { digest = '' } = request.params;
        const blob = disk.blob(digest);
        return blob
          ? send(request, blob, 'application/octet-stream', digest)
          : refuse(404, 'BLOB_UNKNOWN', `there is no blob ${digest}`);
      },
    },
    {
      method: 'GET',
      path: '/v2/{name=**}/tags/list',
      handle(request) {
        const name = nameOf(request);
        const images = pushed.list(`${name}@`);
        const unknown = unknownName(name);
        if (images.length === 0) return unknown ?? refuse(404, 'NAME_UNKNOWN', `${name} was never pushed`);
        return { name: request.params.name, tags: images.flatMap(({ tags }) => tags).sort() };
      },
    },
    {
      method: 'POST',
      path: '/v2/{name=**}/blobs/uploads/',
      handle: () =>
        refuse(405, 'UNSUPPORTED', 'blobs are not uploaded here: push with the docker of the local cloud'),
    },
  ];
}
