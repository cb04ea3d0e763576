import { byRevision, runCloud } from './run-cloud.ts';

/**
 * The local cloud of the restart test, in a process of its own so that it can be killed. It brings the services into
 * the state that the next run must find, says `ready`, and waits for its end.
 */
const [stateFolder = '', startFile = ''] = process.argv.slice(2);
const run = await runCloud({ stateFolder });

await run.deploy('web', {}, { template: { revision: 'web-a' } });
await run.deploy('web', { args: ['/app/server.mjs', 'b'] }, { template: { revision: 'web-b' } });
const web = await run.route('web', [
  { type: byRevision, revision: 'web-a', percent: 100 },
  { type: byRevision, revision: 'web-b', tag: 'next' },
]);

// These two are still starting when the process is killed: one will come up after all, one will not.
const operations: string[] = [];
for (const mode of ['when-file', 'crash']) {
  const started = run.deploy(
    `slow-${mode}`,
    {
      env: [
        { name: 'MODE', value: 'when-file' },
        { name: 'START_FILE', value: mode === 'crash' ? '/nowhere' : startFile },
      ],
      startupProbe: { tcpSocket: {}, periodSeconds: 100, timeoutSeconds: 100, failureThreshold: 1 },
    },
    { template: { revision: `slow-${mode}-a` } },
  );
  started.catch(() => undefined);
}
while ((await run.services.listServices({ parent: web.name?.split('/services/')[0] ?? '' }))[0].length < 3);
for (const operation of run.cloud.context
  .table<{ name: string; done?: boolean }>('operations', 'operations')
  .values())
  if (operation.done !== true) operations.push(operation.name);
console.log(JSON.stringify({ web, operations }));
