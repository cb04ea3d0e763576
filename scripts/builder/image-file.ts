import { readFile } from 'node:fs/promises';

/**
 * The image that a step has left in a file, by digest: `docker inspect --format='{{index .RepoDigests 0}}'`. Throws when
 * there is something else in it: what a tag stands for can change between the tests and the deployment.
 */
export async function readImageFile(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(
      `${file} cannot be read; the step that pushes the image has to write it: ${(cause as Error).message}`,
      { cause },
    );
  }
  const image = text.trim();
  if (/^[^\s@]+\/[^\s@]+@sha256:[0-9a-f]{64}$/.test(image)) return image;
  throw new Error(
    `${file} holds ${image === '' ? 'nothing' : JSON.stringify(image.slice(0, 200))}, not one image by digest (…@sha256:…); ` +
      "write it with docker inspect --format='{{index .RepoDigests 0}}' after docker push",
  );
}
