import { request } from 'node:http';
import { repositoryImage } from './image-reference.ts';
import { manifestType } from './image-disk.ts';

/** What the registry refused, with its own code. */
export class RegistryError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'RegistryError';
    this.status = status;
    this.code = code;
  }
}

/** The Docker Registry HTTP API of the local cloud. */
export interface RegistryClient {
  /** The digest that a tag or digest of `name` stands for; undefined when there is none. */
  digestOf(name: string, reference: string): Promise<string | undefined>;
  /** Throws RegistryError; NAME_UNKNOWN when the repository was not created. */
  putManifest(name: string, tag: string, manifest: string): Promise<void>;
}

/** `origin` is the local cloud's address. The registry's own host goes along as the Host header, as if it were it. */
export function createRegistryClient(origin: string): RegistryClient {
  const send = async (method: string, name: string, reference: string, body = '') => {
    const image = repositoryImage(name);
    if (!image) return undefined;
    const { host, projectId, repository } = image;
    const url = new URL(`/v2/${projectId}/${repository}/${image.image}/manifests/${reference}`, origin);
    return new Promise<{ status: number; digest: string | undefined; text: string }>((resolve, reject) => {
      const call = request(url, {
        method,
        headers: {
          host,
          ...(body === '' ? {} : { 'content-type': manifestType, 'content-length': Buffer.byteLength(body) }),
        },
      });
      call.once('error', (cause) => {
        reject(new Error(`the local cloud at ${origin} does not answer: is it running?`, { cause }));
      });
      call.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const digest = response.headers['docker-content-digest'];
          resolve({
            status: response.statusCode ?? 0,
            digest: Array.isArray(digest) ? digest[0] : digest,
            text: Buffer.concat(chunks).toString(),
          });
        });
      });
      call.end(body);
    });
  };
  return {
    async digestOf(name, reference) {
      const answer = await send('HEAD', name, reference);
      return answer?.status === 200 ? answer.digest : undefined;
    },
    async putManifest(name, tag, manifest) {
      const answer = await send('PUT', name, tag, manifest);
      if (!answer)
        throw new Error(
          `${name} is not in Artifact Registry: push to <location>-docker.pkg.dev/<project>/<repository>/<image>`,
        );
      if (answer.status === 201) return;
      const { errors = [] } = JSON.parse(answer.text) as { errors?: { code: string; message: string }[] };
      throw new RegistryError(answer.status, errors[0]?.code ?? 'UNKNOWN', errors[0]?.message ?? answer.text);
    },
  };
}
