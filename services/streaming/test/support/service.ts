import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

export interface Service {
  readonly url: string;
  readonly logs: readonly { readonly severity: string; readonly message: string }[];
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exited: Promise<Exit>;
}

const packageFolder = join(import.meta.dirname, '..', '..');

/** Starts the service as a process of its own, from its source or another entry, on a free port. */
export function spawnService(
  env: Readonly<Record<string, string>>,
  entry = join(packageFolder, 'server.ts'),
) {
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--import', join(import.meta.dirname, 'leash.ts'), entry],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PORT: '0', HOST: '127.0.0.1', NODE_V8_COVERAGE: process.env['NODE_V8_COVERAGE'], ...env },
    },
  );
  const logs: { severity: string; message: string }[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal, stderr }));
  const port = new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const entryLogged: { severity: string; message: string } = JSON.parse(line);
      logs.push(entryLogged);
      const listening = /^listening on port (\d+)$/.exec(entryLogged.message);
      if (listening) resolve(Number(listening[1]));
    });
    void exited.then((exit) =>
      reject(new Error(`the service ended before it listened: ${JSON.stringify(exit)}`)),
    );
  });
  port.catch(() => {});
  return { logs, exited, port, kill: (signal: NodeJS.Signals) => void child.kill(signal) };
}

/** Starts the service and waits until it listens. */
export async function startService(env: Readonly<Record<string, string>>, entry?: string): Promise<Service> {
  const { port, ...service } = spawnService(env, entry);
  return { ...service, url: `http://127.0.0.1:${await port}` };
}

/** Ends a service as its platform does. Returns how it ended. */
export async function stopService(service: Service): Promise<Exit> {
  service.kill('SIGTERM');
  return service.exited;
}
