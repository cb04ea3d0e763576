import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatErrors } from '../../../scripts/pipeline/errors.ts';
import { readPipelineFile } from '../../../scripts/pipeline/read.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipeline-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function folderWith(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  await writeFile(join(path, 'pipeline.yaml'), text);
  return path;
}

test('a missing file says what to do', async () => {
  const result = await readPipelineFile(folder, 'local');
  expect(result.ok ? '' : formatErrors(result.errors)).toBe(
    `${join(folder, 'pipeline.yaml')}:1:1: the file does not exist; run this in the folder that holds pipeline.yaml, or write one (docs/pipeline.md has a full example)`,
  );
});

test('a file that cannot be read throws with its cause', async () => {
  await mkdir(join(folder, 'odd', 'pipeline.yaml'), { recursive: true });
  await expect(readPipelineFile(join(folder, 'odd'), 'local')).rejects.toMatchObject({
    message: `Cannot read ${join(folder, 'odd', 'pipeline.yaml')}.`,
    cause: { code: 'EISDIR' },
  });
});

test('errors name the file', async () => {
  const path = await folderWith(
    'wrong',
    'project: slipway-board\nregion: europe-west1\nrepository: a/b\nservices: {}\n',
  );
  const result = await readPipelineFile(path, 'local');
  expect(result.ok ? '' : formatErrors(result.errors)).toBe(
    `${join(path, 'pipeline.yaml')}:4:1: services: at least one service is needed\n  4 | services: {}\n    | ^`,
  );
});

const root = join(import.meta.dirname, '../../..');

test.each(['local', 'production'])("the project's own file holds in %s", async (environment) => {
  const result = await readPipelineFile(root, environment);
  expect(result.ok ? '' : formatErrors(result.errors)).toBe('');
});
