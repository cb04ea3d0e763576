import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readGateNotes } from '../../../scripts/builder/gate-notes.ts';
import { readGateOutcome } from '../../../scripts/builder/gate-outcome.ts';
import { runBuilder } from '../../../scripts/builder/run-builder.ts';
import { surroundings } from './builder-surroundings.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'slipway-gate-command-'));
  await write(
    'pipeline.yaml',
    'project: acme-shop\nregion: europe-west1\nrepository: acme/shop\nservices:\n  shop-api: { folder: services/api }\n',
  );
  await mkdir(path.join(root, 'services/api'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(name: string, content: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, name)), { recursive: true });
  await writeFile(path.join(root, name), content);
}

/** Runs `node script.js` as the gate `unit`. */
async function gate(
  script: string,
  options: readonly string[] = [],
): Promise<{ exitCode: number; text: string }> {
  await write('services/api/script.cjs', script);
  const around = surroundings(root);
  const exitCode = await runBuilder(
    ['gate', 'unit', '--folder', 'services/api', ...options, '--', process.execPath, 'script.cjs'],
    around,
  );
  return { exitCode, text: around.printed.join('\n') };
}

const notes = (): ReturnType<typeof readGateNotes> => readGateNotes(root, 'unit');

/** A run whose tests pass or fail by what `fails` says of the number of the run, from 1. */
const tests = (fails: string, exitCode = 'failed.length > 0 ? 1 : 0'): string => `
const fs = require('node:fs');
const run = fs.existsSync('runs') ? Number(fs.readFileSync('runs', 'utf8')) + 1 : 1;
fs.writeFileSync('runs', String(run));
const failed = ['a', 'b', 'c'].filter((name) => (${fails})(name, run));
fs.mkdirSync('reports', { recursive: true });
const file = process.cwd() + '/test/x.test.ts';
fs.writeFileSync('reports/unit.junit.xml', '<testsuites>' + ['a', 'b', 'c'].map((name) =>
  '<testcase name="' + name + '" time="0.1" file="' + file + '">' +
  (failed.includes(name) ? '<failure message="no ' + name + ' in run ' + run + '">at ' + file + ':7:1</failure>' : '') + '</testcase>').join('') + '</testsuites>');
process.exitCode = ${exitCode};`;
const runs = async (): Promise<number> =>
  Number(await readFile(path.join(root, 'services/api/runs'), 'utf8'));

describe('a gate that fails', () => {
  test('names the place out of the output, and how to run it alone', async () => {
    await write('services/api/src/a.ts', '');
    const { exitCode, text } = await gate(
      `console.log("src/a.ts(2,14): error TS2322: Type 'number' is not assignable."); process.exitCode = 2;`,
    );
    expect(exitCode).toBe(2);
    expect(text).toBe(
      `gate unit failed with exit 2 in 0.0 s
  services/api/src/a.ts:2  error TS2322: Type 'number' is not assignable.
again on your machine: npm run gate -- shop-api unit`,
    );
    expect(await notes()).toEqual({
      hint: 'npm run gate -- shop-api unit',
      places: [
        { file: 'services/api/src/a.ts', line: 2, message: "error TS2322: Type 'number' is not assignable." },
      ],
      more: 0,
      flaky: [],
    });
  });

  test('names its failed tests out of their report, which knows more than the output', async () => {
    const { text } = await gate(tests('(name) => name === "b"'));
    expect(text).toContain('\n  services/api/test/x.test.ts:7  b: no b in run 1\n');
  });

  test('in another folder than its own: by the whole path, or as the tool has it', async () => {
    const file = path.join(root, 'services/shared/x.test.ts');
    const { text } = await gate(
      `console.log('src/a.ts(2,14): error TS1: x\\n\\ntest at x.test.ts:1:1\\n✖ adds (1ms)\\n  no\\n    at f (file://${file}:9:2)\\n'); process.exitCode = 1;`,
    );
    expect(text).toContain('\n  src/a.ts:2  error TS1: x\n  services/shared/x.test.ts:9  adds: no\n');
  });

  test('a flood of findings is cut, and says so', async () => {
    const { text } = await gate(
      'for (let i = 1; i <= 23; i++) console.log(`a.ts(${i},1): error TS1: x`); process.exitCode = 1;',
    );
    expect(text).toContain('  a.ts:20  error TS1: x\n  and 3 more\n');
  });

  test('in a folder of no service: the command itself', async () => {
    await write('pipeline.yaml', 'nonsense');
    const { text } = await gate('process.exitCode = 1');
    expect(text).toContain(`again on your machine: cd services/api && ${process.execPath} script.cjs`);
  });

  test('one that passes names nothing', async () => {
    const { text } = await gate('console.log("src/a.ts(2,14): error TS2322: only quoted")');
    expect(text).toBe('gate unit passed in 0.0 s');
    expect(await notes()).toMatchObject({ places: [], flaky: [] });
  });

  test('what it has left running does not hold it', async () => {
    const left = `require('node:child_process').spawn('sleep', ['5'], { stdio: 'inherit', detached: true }).unref(); setTimeout(() => process.exit(3), 50)`;
    const started = Date.now();
    const { exitCode } = await gate(left);
    expect(exitCode).toBe(3);
    expect(Date.now() - started).toBeLessThan(15_000);
  });
});

describe('--rerun-at-most', () => {
  const again = ['--rerun-at-most', '2'];

  test('failed and then passed: green, loud, and the first report is kept', async () => {
    const { exitCode, text } = await gate(tests('(name, run) => name === "b" && run === 1'), again);
    expect(exitCode).toBe(0);
    expect(text).toBe(
      `gate unit: 1 failed, and up to 2 may be flaky: it runs once more, all of it
FLAKY: b  services/api/test/x.test.ts:7
gate unit passed in 0.0 s at the second try; what the first one said is in reports/first-run.unit.xml`,
    );
    expect(await readGateOutcome(root, 'unit')).toMatchObject({ exitCode: 0 });
    expect((await notes())?.flaky).toEqual([
      { name: 'b', file: 'services/api/test/x.test.ts', line: 7, message: 'no b in run 1' },
    ]);
    expect(await readFile(path.join(root, 'services/api/reports/first-run.unit.xml'), 'utf8')).toContain(
      'no b in run 1',
    );
  });

  test.each<[string, string, readonly string[], number, number]>([
    ['failed twice: red', tests('(name) => name === "b"'), again, 1, 2],
    ['another one fails then: red', tests('(name, run) => name === (run === 1 ? "a" : "b")'), again, 1, 2],
    ['more than may be flaky', tests('() => true'), again, 1, 1],
    ['0 switches it off', tests('(name, run) => run === 1'), ['--rerun-at-most=0'], 1, 1],
    ['without the option it is off', tests('(name, run) => name === "b" && run === 1'), [], 1, 1],
    ['no test failed: coverage, say', tests('() => false', '1'), again, 1, 1],
    ['coverage fails in the second run', tests('(name, run) => name === "b" && run === 1', '1'), again, 1, 2],
    ['ended from outside', tests('(name, run) => name === "b" && run === 1', '143'), again, 143, 1],
  ])('%s', async (_what, script, options, exitCode, expectedRuns) => {
    expect((await gate(script, options)).exitCode).toBe(exitCode);
    expect(await runs()).toBe(expectedRuns);
  });

  test('a test that had failed and does not run again has not passed', async () => {
    const script = tests('(name, run) => name === "b" && run === 1').replace(
      `'<testsuites>' + ['a', 'b', 'c']`,
      `'<testsuites>' + (run === 1 ? ['a', 'b', 'c'] : ['a', 'c'])`,
    );
    const { exitCode, text } = await gate(script, again);
    expect(exitCode).toBe(1);
    expect(text).toContain('1 that had failed did not run again: the gate fails');
  });

  test.each(['-1', 'many'])('%s is no number of tests', async (given) => {
    const { exitCode, text } = await gate('', [`--rerun-at-most=${given}`]);
    expect([exitCode, text]).toEqual([2, expect.stringContaining('--rerun-at-most is a number of tests')]);
  });
});
