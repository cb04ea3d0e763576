import type { IncomingMessage } from 'node:http';
import { PassThrough, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import type { CloudContext } from '../core/context.ts';
import type { KeyedQueue } from '../core/keyed-queue.ts';
import { handled, type ApiRequest, type Route } from '../core/room.ts';
import type { Git } from './git.ts';
import { isOwnerName, isRepositoryName, type Repositories, type Repository } from './repositories.ts';

type Service = 'upload-pack' | 'receive-pack';

const noCache = { 'cache-control': 'no-cache, max-age=0, must-revalidate' };

function refuse(request: ApiRequest, status: number, message: string): typeof handled {
  request.response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...noCache });
  request.response.end(`${message}\n`);
  return handled;
}

/** A line in git's framing: its length in four hex digits, itself included. */
const packetLine = (line: string): string =>
  `${(Buffer.byteLength(line) + 4).toString(16).padStart(4, '0')}${line}`;

/** What the client asks for in its `Git-Protocol` header, when it is well-formed. */
function protocolOf(request: ApiRequest): Record<string, string> {
  const header = request.headers['git-protocol'];
  return typeof header === 'string' && /^[A-Za-z0-9=:._-]{1,200}$/.test(header)
    ? { GIT_PROTOCOL: header }
    : {};
}

export interface SmartHttp {
  readonly git: Git;
  readonly repositories: Repositories;
  /** Where an empty bare repository stands, whose advertisement answers for those that are yet to be made. */
  readonly emptyRepository: () => Promise<string>;
  /** Runs pushes to one repository one after another. */
  readonly queue: KeyedQueue;
  /** Called once a push was answered, accepted or not, and before the next one to this repository. */
  pushed(repository: Repository): Promise<void>;
  readonly origin: string;
  log: CloudContext['log'];
}

/** Writes the body to `stdin`. Resolves with what went wrong, if anything; the connection stays open for an answer. */
async function feed(raw: IncomingMessage, gzip: boolean, stdin: Writable): Promise<unknown> {
  const decoder = gzip ? createGunzip() : new PassThrough();
  raw.once('error', (error) => decoder.destroy(error));
  raw.pipe(decoder);
  try {
    await pipeline(decoder, stdin);
    return undefined;
  } catch (error) {
    raw.unpipe(decoder);
    raw.resume();
    return error;
  }
}

/** Writes the request's body to git and git's answer to the response, and leaves that open. */
async function exchange(
  { git, log, origin }: SmartHttp,
  request: ApiRequest,
  service: Service,
  gitDir: string,
  fullName: string,
): Promise<void> {
  const { raw, response } = request;
  const child = git.start(gitDir, [service, '--stateless-rpc', gitDir], {
    ...protocolOf(request),
    COMMIT_PAGES: `${origin}/${fullName}/commit`,
  });
  const { stdin } = child;
  if (!stdin) throw new Error('git was started without a standard input');
  // A body that breaks off, or git ending before it has read all of it, shows in git's exit code.
  const body = feed(raw, raw.headers['content-encoding'] === 'gzip', stdin);
  const stopped = (): void => {
    // A fetch is pointless without its client; a push that git has begun to apply is completed.
    if (service === 'upload-pack') void child.stop(1_000);
  };
  request.signal.addEventListener('abort', stopped, { once: true });
  response.writeHead(200, { 'content-type': `application/x-git-${service}-result`, ...noCache });
  const answered = pipeline(child.stdout, response, { end: false }).catch(() => child.stdout.resume());
  const [{ code }, stderr, problem] = await Promise.all([child.exited, text(child.stderr), body, answered]);
  request.signal.removeEventListener('abort', stopped);
  if (code !== 0 && !request.signal.aborted) {
    const cause = problem instanceof Error ? ` (${problem.message})` : '';
    log('warning', `git ${service} of ${fullName} exited with ${code}: ${stderr.trim()}${cause}`);
  }
}

/** A git remote over smart HTTP. https://git-scm.com/docs/http-protocol */
export function smartHttpRoutes(remote: SmartHttp): Route[] {
  const { git, repositories, queue } = remote;
  const named = (request: ApiRequest): { owner: string; name: string } | undefined => {
    const { owner = '', repository: name = '' } = request.params;
    return isOwnerName(owner) && isRepositoryName(name) ? { owner, name } : undefined;
  };

  const advertise = async (request: ApiRequest): Promise<typeof handled> => {
    const target = named(request);
    if (!target) return refuse(request, 404, 'Repository not found.');
    const asked = request.query.get('service');
    if (asked !== 'git-upload-pack' && asked !== 'git-receive-pack')
      return refuse(request, 403, 'Please upgrade your git client: this remote speaks smart HTTP only.');
    const service: Service = asked === 'git-upload-pack' ? 'upload-pack' : 'receive-pack';
    const known = repositories.find(target.owner, target.name);
    // The repository itself is made by the push, not by this question that comes before it.
    if (!known && service === 'upload-pack') return refuse(request, 404, 'Repository not found.');
    const gitDir = known ? repositories.gitDir(target.owner, target.name) : await remote.emptyRepository();
    const protocol = protocolOf(request);
    const child = git.start(
      gitDir,
      [service, '--stateless-rpc', '--advertise-refs', gitDir],
      service === 'upload-pack' ? protocol : {},
    );
    child.stdin?.end();
    const [refs, stderr, { code }] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      child.exited,
    ]);
    if (code !== 0) throw new Error(`git ${service} in ${gitDir} exited with ${code}: ${stderr.trim()}`);
    const { response } = request;
    response.writeHead(200, { 'content-type': `application/x-git-${service}-advertisement`, ...noCache });
    // Protocol 2 has no such first line.
    const second = service === 'upload-pack' && protocol.GIT_PROTOCOL?.split(':').includes('version=2');
    response.end(second ? refs : `${packetLine(`# service=git-${service}\n`)}0000${refs}`);
    return handled;
  };

  const serve =
    (service: Service) =>
    async (request: ApiRequest): Promise<typeof handled> => {
      const target = named(request);
      if (!target) return refuse(request, 404, 'Repository not found.');
      // Also keeps pages in a browser from pushing here: they cannot send this type across origins unasked.
      if (request.headers['content-type'] !== `application/x-git-${service}-request`)
        return refuse(request, 415, `Expected content type application/x-git-${service}-request`);
      const { owner, name } = target;
      if (service === 'upload-pack') {
        if (!repositories.find(owner, name)) return refuse(request, 404, 'Repository not found.');
        await exchange(remote, request, service, repositories.gitDir(owner, name), `${owner}/${name}`);
        request.response.end();
        return handled;
      }
      await queue(`${owner}/${name}`.toLowerCase(), async () => {
        if (request.signal.aborted) return;
        const repository = await repositories.create(owner, name);
        const fullName = `${repository.owner}/${repository.name}`;
        await exchange(remote, request, service, repositories.gitDir(owner, name), fullName);
        await repositories.pushed(repository);
        request.response.end();
        await remote.pushed(repository);
      });
      return handled;
    };

  return [
    { method: 'GET', path: '/{owner}/{repository}.git/info/refs', handle: advertise },
    { method: 'POST', path: '/{owner}/{repository}.git/git-upload-pack', handle: serve('upload-pack') },
    { method: 'POST', path: '/{owner}/{repository}.git/git-receive-pack', handle: serve('receive-pack') },
  ];
}
