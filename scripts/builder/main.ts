import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCloudConfig } from '../../functions/platform/config.ts';
import { createGoogleApi } from '../../functions/platform/google-api.ts';
import { runBuilder } from './run-builder.ts';

/* The tool of the build steps: `bundle-builder.ts` makes one file of it, `Dockerfile` an image. */
process.exitCode = await runBuilder(process.argv.slice(2), {
  api: createGoogleApi(readCloudConfig().cloudApiEndpoint),
  // Cloud Build starts every step in the checkout.
  folder: process.cwd(),
  print: (line) => process.stdout.write(`${line}\n`),
  now: Date.now,
  sleep: async (milliseconds) => sleep(milliseconds),
});
