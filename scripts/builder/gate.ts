import path from 'node:path';
import { readCommandLine, UsageError, type Command, type Surroundings } from './command.ts';
import { attemptGate, type Attempt, type GateCommand } from './attempt-gate.ts';
import { checkGateName, clearGateOutcome, writeGateOutcome } from './gate-outcome.ts';
import { clearGateNotes, writeGateNotes, type GateNotes } from './gate-notes.ts';
import { placeOf } from './junit.ts';
import { localHint } from './local-hint.ts';
import { firstRunReport, tryAgain } from './try-again.ts';

/** As many as a person reads. */
const maxPlaces = 20;
const maxMessageLength = 200;

const rerunOption = 'rerun-at-most';

/**
 * Runs one gate of a build. Gates run side by side with `allowFailure`, so that none hides what the others say;
 * `results` reads how they ended and fails the build.
 */
export const gate: Command = {
  name: 'gate',
  summary: 'runs a command, and notes for `results` how it ended',
  help: `builder gate NAME --folder FOLDER [--${rerunOption} N] -- COMMAND [ARGUMENT …]

Runs the command in the folder and ends with its exit code. Notes the outcome for
\`builder results\`, which fails the build: give the step \`allowFailure: true\`. A gate that
fails names the files and lines that the output of tsc, oxlint, eslint or node:test names, and
how to run just that gate on your machine.

  NAME               of the gate: lower-case letters, digits and hyphens
  --folder FOLDER    where the command runs, from the root of the checkout
  --${rerunOption} N  when at most N tests in FOLDER/reports/NAME.junit.xml have failed, the command
                     runs once more, all of it. When it passes then, so does the gate, and the
                     tests are called flaky. 0, and without the option: never`,

  async run(args, around) {
    const split = args.indexOf('--');
    const [command, ...rest] = split === -1 ? [] : args.slice(split + 1);
    if (command === undefined) throw new UsageError('the command of the gate is missing: put it behind "--"');
    const own = args.slice(0, split);
    const given = own.some((arg) => arg === `--${rerunOption}` || arg.startsWith(`--${rerunOption}=`));
    const { options, names } = readCommandLine(own, given ? ['folder', rerunOption] : ['folder']);
    const [name, ...more] = names;
    if (name === undefined || more.length > 0)
      throw new UsageError(`a gate has one name, not ${names.length}: ${names.join(' ')}`);
    checkGateName(name);
    const rerunAtMost = given ? options[rerunOption as keyof typeof options] : '0';
    if (!/^\d{1,3}$/.test(rerunAtMost)) throw new UsageError(`--${rerunOption} is a number of tests`);
    const folder = path.resolve(around.folder, options.folder);
    const what: GateCommand = { name, command, args: rest, folder, shownFolder: options.folder };

    await clearGateOutcome(around.folder, name);
    await clearGateNotes(around.folder, name);
    const started = around.now();
    const first = await attemptGate(what);
    const again = await tryAgain(what, first, Number(rerunAtMost), around);
    const { exitCode } = again ?? first;
    const seconds = (around.now() - started) / 1000;
    const hint =
      exitCode === 0 ? undefined : await localHint(around.folder, options.folder, name, [command, ...rest]);
    const notes = notesOf(again?.last ?? first, exitCode, again?.flaky ?? []);
    await writeGateNotes(around.folder, name, { ...notes, ...(hint === undefined ? {} : { hint }) });
    await writeGateOutcome(around.folder, name, exitCode, seconds);
    say(around, what, { exitCode, seconds, notes, hint });
    return exitCode;
  },
};

/** What the summary shows of an attempt: what the test report says, or else what the output does. */
function notesOf(
  { failedTests = [], places }: Attempt,
  exitCode: number,
  flaky: GateNotes['flaky'],
): GateNotes {
  const found =
    exitCode === 0
      ? []
      : failedTests.length > 0
        ? failedTests.map((test) => ({
            file: test.file ?? '',
            ...(test.line === undefined ? {} : { line: test.line }),
            message: [test.name, test.message].filter(Boolean).join(': '),
          }))
        : places.map(({ file, line, message }) => ({ file, line, message }));
  return {
    places: found
      .slice(0, maxPlaces)
      .map((each) => ({ ...each, message: each.message.slice(0, maxMessageLength) })),
    more: Math.max(0, found.length - maxPlaces),
    flaky,
  };
}

function say(
  around: Surroundings,
  { name, command }: GateCommand,
  ended: {
    readonly exitCode: number;
    readonly seconds: number;
    readonly notes: GateNotes;
    readonly hint: string | undefined;
  },
): void {
  const { exitCode, seconds, notes, hint } = ended;
  for (const { name: test, ...at } of notes.flaky) around.print(`FLAKY: ${test}  ${placeOf(at)}`);
  const flaky =
    notes.flaky.length === 0
      ? ''
      : ` at the second try; what the first one said is in reports/${firstRunReport(name)}`;
  const missing = exitCode === 127 ? `: is ${command} installed?` : '';
  around.print(
    `gate ${name} ${exitCode === 0 ? `passed` : `failed with exit ${exitCode}`} in ${seconds.toFixed(1)} s${flaky}${missing}`,
  );
  for (const each of notes.places)
    around.print(`  ${[placeOf(each), each.message].filter(Boolean).join('  ')}`);
  if (notes.more > 0) around.print(`  and ${notes.more} more`);
  if (hint !== undefined) around.print(`again on your machine: ${hint}`);
}
