import { openBucket } from '../functions/platform/cloud-storage.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { confirm } from './cli/person.ts';
import { openSession, sessionHelp, sessionOptions } from './cli/session.ts';
import { createStyle, printable, useColours, type Style } from './cli/style.ts';
import { UserError } from './cli/user-error.ts';
import { chooseMessages } from './people/choose-messages.ts';
import { openParkedMessages, type ParkedMessages } from './people/dead-letters.ts';
import type { ParkedMessage } from './people/parked-message.ts';
import { stateBucket } from './pipeline/pipeline.ts';

const help = `
npm run replay -- [ID …] [options]

Messages that nobody works on any more: dead letters, which a function did not take however often Pub/Sub brought them,
and the quarantine, which no function could read. Shows them with when and why, and puts them back on the topic they
came from: all of them, or those named. Each is taken away only after Pub/Sub has it again. Functions read anew what a
message is about, so an old or doubled one does no harm.

  --list              only show them
  --discard           take the named ones away for good instead
  --yes               do not ask whether to go ahead
${sessionHelp}

Exit codes: 0 done, 1 something could not be put back, 2 wrong usage.
`;

const longest = 120;

function lines({ id, where, at, why, topic, data }: ParkedMessage, style: Style): string[] {
  const text = printable(data.toString('utf8'));
  return [
    `${style.strong(id)}  ${where}  ${style.dim(at)}  ${topic?.split('/').at(-1) ?? style.bad('origin unknown')}`,
    `  ${printable(why.replace(/\s*\n\s*/g, '; '))}`,
    style.dim(`  ${text.length > longest ? `${text.slice(0, longest)}…` : text}`),
  ];
}

const count = ({ length }: readonly ParkedMessage[]): string =>
  length === 1 ? 'one message is' : `${length} messages are`;

async function eachOf(
  messages: readonly ParkedMessage[],
  act: (message: ParkedMessage) => Promise<string>,
): Promise<number> {
  let failed = 0;
  for (const message of messages) {
    try {
      process.stdout.write(`${message.id}: ${await act(message)}\n`);
    } catch (error) {
      failed += 1;
      process.stderr.write(`${message.id} stays where it is: ${(error as Error).message}\n`);
    }
  }
  return failed;
}

async function replay(
  parked: ParkedMessages,
  ids: readonly string[],
  { list, discard, yes }: { list: boolean; discard: boolean; yes: boolean },
): Promise<number> {
  const style = createStyle(useColours(process.stdout));
  const all = await parked.list();
  const chosen = chooseMessages(all, ids, discard);
  if (chosen.kind === 'refused') throw new UserError(chosen.reason);
  const { messages, stuck } = chosen;
  const shown = list || ids.length === 0 ? all : [...messages, ...stuck];
  process.stdout.write(shown.flatMap((message) => lines(message, style)).join('\n'));
  process.stdout.write(
    `${shown.length === 0 ? '' : '\n'}${all.length === 0 ? 'Nothing lies there.' : `${all.length} in all.`}\n`,
  );
  if (list || all.length === 0) return 0;
  if (discard) {
    await confirm(`${count(messages)} taken away for good`, yes);
    return (await eachOf(messages, async (message) => {
      await parked.discard(message);
      return 'discarded';
    })) > 0
      ? 1
      : 0;
  }
  if (ids.length === 0 && messages.length > 0)
    await confirm(
      `${count(messages)} put back where ${messages.length === 1 ? 'it' : 'they'} came from`,
      yes,
    );
  const failed = await eachOf(messages, async (message) => {
    await parked.putBack(message);
    return `back on ${message.topic ?? ''}`;
  });
  for (const { id, why } of stuck)
    process.stderr.write(
      `${id} stays where it is, because nothing says where it came from (${printable(why)}); npm run replay -- --discard ${id} takes it away\n`,
    );
  return failed + stuck.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    {
      ...sessionOptions,
      list: { type: 'boolean', default: false },
      discard: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  if (values.list && values.discard)
    throw new UserError('--list only shows, --discard takes away: use one of them', { exitCode: 2 });
  const { api, pipeline } = await openSession(values);
  const parked = openParkedMessages(api, openBucket(api, stateBucket(pipeline)), pipeline.project);
  try {
    return await replay(parked, positionals, values);
  } finally {
    await parked.close();
  }
}

await runCommand(main);
