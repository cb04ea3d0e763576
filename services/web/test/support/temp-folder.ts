import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

const removeAtEndOfInput = `
  process.stdin.resume().once('end', () => require('node:fs').rmSync(process.argv[1], { recursive: true, force: true }));
`;

/** Makes a folder that is removed when this process ends, however it ends: a process of its own sees to that. */
export async function makeTempFolder(): Promise<TempFolder> {
  // The npm scripts give the test runner a TMPDIR of its own, and say here where the real one is.
  const path = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'board-web-'));
  // A group of its own: Ctrl-C must not end it before it has cleaned up.
  const remover = spawn(process.execPath, ['-e', removeAtEndOfInput, path], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, NODE_V8_COVERAGE: undefined },
  });
  const exited = new Promise<void>((resolve) => remover.once('exit', () => resolve()));
  return {
    path,
    remove() {
      remover.stdin.end();
      return exited;
    },
  };
}
