import { randomBytes } from 'node:crypto';
import type { CloudContext } from '../core/context.ts';
import { handled, type ApiRequest, type Room } from '../core/room.ts';
import { listing, lookUp, MetadataError, recursive, type Folder, type Leaf } from './metadata-tree.ts';

const tokenLifetimeSeconds = 3_599;
const flavor = { 'metadata-flavor': 'Google', server: 'Metadata Server for Serverless' } as const;

const text =
  (value: string): Leaf =>
  () => ({ text: value });

/** What there is to know. https://cloud.google.com/run/docs/container-contract#metadata-server */
function metadata({ projectId, projectNumber, region, identity }: CloudContext): Folder {
  const email = `${projectNumber}-compute@developer.gserviceaccount.com`;
  const account: Folder = {
    aliases: text('default\n'),
    email: text(email),
    identity(query) {
      const audience = query.get('audience');
      if (audience === null || audience === '')
        throw new MetadataError(400, 'non-empty audience parameter required');
      return { text: identity.mint(audience, email) };
    },
    scopes: text('https://www.googleapis.com/auth/cloud-platform\n'),
    token: () => ({
      json: {
        access_token: `ya29.${randomBytes(32).toString('base64url')}`,
        expires_in: tokenLifetimeSeconds,
        token_type: 'Bearer',
      },
    }),
  };
  return {
    instance: {
      region: text(`projects/${projectNumber}/regions/${region}`),
      'service-accounts': { default: account, [email]: account },
      zone: text(`projects/${projectNumber}/zones/${region}-1`),
    },
    project: { 'numeric-project-id': text(projectNumber), 'project-id': text(projectId) },
    universe: { 'universe-domain': text('googleapis.com') },
  };
}

/**
 * The metadata server: who and where a process is, and tokens for it. Every process of the local cloud has the same
 * service account: they share one address, so the server cannot tell them apart.
 */
export function createMetadataRoom(context: CloudContext): { room: Room } {
  const root = metadata(context);

  const answer = (request: ApiRequest): { type: string; body: string } => {
    // A web page or a redirected request cannot set the header: it is what keeps tokens from leaking.
    if (request.headers['metadata-flavor'] !== 'Google')
      throw new MetadataError(403, 'Missing Metadata-Flavor:Google header.');
    if (request.headers['x-forwarded-for'] !== undefined)
      throw new MetadataError(403, 'Requests with an X-Forwarded-For header are not answered.');
    const path = request.params.path ?? '';
    const found = lookUp(root, path);
    const { query } = request;
    if (found === undefined) throw new MetadataError(404, `The metadata server has no ${path}`);
    if (typeof found === 'object') {
      if (query.get('recursive')?.toLowerCase() !== 'true')
        return { type: 'application/text', body: listing(found) };
      return { type: 'application/json', body: JSON.stringify(recursive(found, query)) };
    }
    const value = found(query);
    return 'json' in value
      ? { type: 'application/json', body: JSON.stringify(value.json) }
      : { type: 'application/text', body: value.text };
  };

  const serve = (request: ApiRequest): typeof handled => {
    const { response } = request;
    try {
      const { type, body } = answer(request);
      response.writeHead(200, { ...flavor, 'content-type': type });
      response.end(body);
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      response.writeHead(error.status, { ...flavor, 'content-type': 'text/plain; charset=utf-8' });
      response.end(`${error.message}\n`);
    }
    return handled;
  };

  /** Clients ask here, or at `/`, which is the console's, whether this is a metadata server at all; that needs no header. */
  const presence = ({ response }: ApiRequest): typeof handled => {
    response.writeHead(200, { ...flavor, 'content-type': 'application/text' });
    response.end('computeMetadata/\n');
    return handled;
  };

  return {
    room: {
      name: 'metadata',
      routes: [
        { method: 'GET', path: '/computeMetadata/', handle: presence },
        { method: 'GET', path: '/computeMetadata/v1', handle: serve },
        { method: 'GET', path: '/computeMetadata/v1/', handle: serve },
        { method: 'GET', path: '/computeMetadata/v1/{path=**}', handle: serve },
      ],
    },
  };
}
