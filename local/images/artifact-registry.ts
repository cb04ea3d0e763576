import { z } from 'zod';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { ApiRequest, Route } from '../core/room.ts';
import type { Table } from '../core/state.ts';
import { manifestType, type ImageDisk } from './image-disk.ts';
import type { PushedImage, PushedImages } from './pushed-images.ts';

/** google.devtools.artifactregistry.v1.Repository as proto3 JSON. */
export interface Repository {
  readonly name: string;
  readonly format: 'DOCKER';
  readonly mode: 'STANDARD_REPOSITORY';
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createTime: string;
  readonly updateTime: string;
  readonly registryUri: string;
}

const repositoryType = 'type.googleapis.com/google.devtools.artifactregistry.v1.Repository';
const metadataType = 'type.googleapis.com/google.devtools.artifactregistry.v1.OperationMetadata';

function parentOf(name: string): { projectId: string; location: string; repository: string } {
  const [, projectId = '', , location = '', , repository = ''] = name.split('/');
  return { projectId, location, repository };
}

/** The host and path before an image's name: `<location>-docker.pkg.dev/<project>/<repository>`. */
function registryUri(name: string): string {
  const { projectId, location, repository } = parentOf(name);
  return `${location}-docker.pkg.dev/${projectId}/${repository}`;
}

/** What a caller may set of a repository here. */
const repositoryInput = z.object({
  format: z.literal('DOCKER'),
  mode: z.enum(['MODE_UNSPECIFIED', 'STANDARD_REPOSITORY']).optional(),
  description: z.string().default(''),
  labels: z.record(z.string(), z.string()).default({}),
});

function readRepository(body: unknown): z.infer<typeof repositoryInput> {
  const read = repositoryInput.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const field = issue?.path.join('.') ?? '';
  const message = `repository.${field}: ${issue?.message ?? ''}`;
  // Other formats and modes exist on Google Cloud.
  if (['format', 'mode'].includes(field))
    throw new ApiError(
      'UNIMPLEMENTED',
      `${message}; the local cloud has standard repositories of format DOCKER`,
    );
  throw new ApiError('INVALID_ARGUMENT', message, { cause: read.error });
}

/** One page of a list under `key`, with the token of the next. */
function page(request: ApiRequest, key: string, items: readonly unknown[]): Record<string, unknown> {
  const size = Number(request.query.get('pageSize') ?? 0) || 100;
  const from = Number(request.query.get('pageToken') ?? 0);
  if (!Number.isInteger(size) || size < 0 || !Number.isInteger(from) || from < 0)
    throw new ApiError('INVALID_ARGUMENT', 'pageSize or pageToken is invalid');
  const more = from + size < items.length;
  return { [key]: items.slice(from, from + size), ...(more ? { nextPageToken: String(from + size) } : {}) };
}

/** The part of Artifact Registry's API that setup and people use: repositories, and what was pushed into them. */
export function artifactRegistryRoutes(
  context: CloudContext,
  repositories: Table<Repository>,
  pushed: PushedImages,
  disk: ImageDisk,
): Route[] {
  const get = (name: string): Repository => {
    const found = repositories.get(name);
    if (!found) throw new ApiError('NOT_FOUND', `Repository "${name}" was not found`);
    return found;
  };
  const dockerImage = (repository: string, { name, digest, tags, uploadedMs, updatedMs }: PushedImage) => {
    const image = name.slice(registryUri(repository).length + 1);
    return {
      name: `${repository}/dockerImages/${encodeURIComponent(image)}@${digest}`,
      uri: `${name}@${digest}`,
      tags,
      imageSizeBytes: String(disk.image(digest)?.sizeBytes ?? 0),
      uploadTime: new Date(uploadedMs).toISOString(),
      updateTime: new Date(updatedMs).toISOString(),
      mediaType: manifestType,
    };
  };
  const imagesOf = (repository: string) =>
    pushed.list(`${registryUri(repository)}/`).map((image) => dockerImage(repository, image));

  const create = async (request: ApiRequest): Promise<unknown> => {
    const { parent = '' } = request.params;
    const id = request.query.get('repositoryId') ?? request.query.get('repository_id') ?? '';
    if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) {
      throw new ApiError(
        'INVALID_ARGUMENT',
        `repository_id "${id}" must be 1-63 of a-z, 0-9 and -, beginning with a letter`,
      );
    }
    const { description, labels } = readRepository(await request.json());
    const name = `${parent}/repositories/${id}`;
    if (repositories.get(name))
      throw new ApiError('ALREADY_EXISTS', `the repository already exists: ${name}`);
    const now = timestamp(context.clock);
    const repository: Repository = {
      name,
      format: 'DOCKER',
      mode: 'STANDARD_REPOSITORY',
      description,
      labels,
      createTime: now,
      updateTime: now,
      registryUri: registryUri(name),
    };
    repositories.set(name, repository);
    const operation = context.operations.begin(parent, { '@type': metadataType });
    context.operations.succeed(operation.name, { '@type': repositoryType, ...repository });
    return context.operations.get(operation.name);
  };

  const unimplemented = (method: Route['method'], path: string, rpc: string): Route => ({
    method,
    path,
    handle() {
      throw new ApiError(
        'UNIMPLEMENTED',
        `google.devtools.artifactregistry.v1.ArtifactRegistry.${rpc} is not part of the local cloud yet`,
      );
    },
  });

  return [
    { method: 'POST', path: '/v1/{parent=projects/*/locations/*}/repositories', handle: create },
    {
      method: 'GET',
      path: '/v1/{parent=projects/*/locations/*}/repositories',
      handle: (request) =>
        page(request, 'repositories', repositories.values(`${request.params.parent ?? ''}/repositories/`)),
    },
    {
      method: 'GET',
      path: '/v1/{name=projects/*/locations/*/repositories/*}',
      handle: ({ params }) => get(params.name ?? ''),
    },
    {
      method: 'GET',
      path: '/v1/{parent=projects/*/locations/*/repositories/*}/dockerImages',
      handle: (request) => page(request, 'dockerImages', imagesOf(get(request.params.parent ?? '').name)),
    },
    {
      method: 'GET',
      path: '/v1/{parent=projects/*/locations/*/repositories/*}/dockerImages/{image=**}',
      handle({ params }) {
        const { parent = '', image = '' } = params;
        const found = imagesOf(get(parent).name).find(({ name }) =>
          decodeURIComponent(name).endsWith(`/dockerImages/${image}`),
        );
        if (!found) throw new ApiError('NOT_FOUND', `Docker image "${image}" was not found in ${parent}`);
        return found;
      },
    },
    unimplemented('PATCH', '/v1/{name=projects/*/locations/*/repositories/*}', 'UpdateRepository'),
    unimplemented('DELETE', '/v1/{name=projects/*/locations/*/repositories/*}', 'DeleteRepository'),
    unimplemented('GET', '/v1/{parent=projects/*/locations/*/repositories/*}/packages', 'ListPackages'),
    unimplemented(
      'GET',
      '/v1/{parent=projects/*/locations/*/repositories/*}/packages/*/versions',
      'ListVersions',
    ),
    unimplemented('GET', '/v1/{parent=projects/*/locations/*/repositories/*}/packages/*/tags', 'ListTags'),
  ];
}
