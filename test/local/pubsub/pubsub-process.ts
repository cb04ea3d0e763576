import { pubsubCloud } from './pubsub-cloud.ts';

/** Pub/Sub in a process of its own, to be killed: `node pubsub-process.ts <state folder>` prints its address. */
const cloud = await pubsubCloud({ stateFolder: process.argv[2] ?? '' });
process.stdout.write(`${cloud.context.origin}\n`);
