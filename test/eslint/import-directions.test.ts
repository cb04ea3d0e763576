import { expect, test } from '@jest/globals';
import { ESLint } from 'eslint';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..', '..');

/** What the project's own lint configuration says of an import in a file that need not exist. */
async function saysOf(file: string, imported: string): Promise<string[]> {
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: path.join(root, 'eslint', 'only-import-directions.js'),
  });
  const [result] = await eslint.lintText(`import '${imported}';\n`, { filePath: path.join(root, file) });
  return (result?.messages ?? []).map(({ message }) => message);
}

test.each<[string, string, RegExp | undefined]>([
  ['functions/rollout/handler.js', '../../local/cloud.js', /functions must not know the local cloud/],
  ['functions/rollout/handler.js', '../../scripts/start.js', /functions must not know/],
  [
    'functions/rollout/handler.js',
    '../verification/judge.js',
    /rooms of functions\/ do not import one another/,
  ],
  ['functions/rollout/handler.js', '../release/ledger.js', undefined],
  ['functions/rollout/handler.js', '../platform/cloud-run.js', undefined],
  ['functions/release/ledger.js', '../platform/cloud-storage.js', undefined],
  ['functions/release/ledger.js', '../rollout/plan.js', /the record is below the rooms/],
  ['functions/platform/cloud-run.js', '../release/ledger.js', /an adapter knows only its outside system/],
  ['functions/verification/judge-step.js', '../verdict/judge-metrics.js', undefined],
  ['functions/verdict/judge-count.js', './tests.js', undefined],
  ['functions/verdict/judge-metrics.js', '../release/policy.js', /knows nothing of releases/],
  ['functions/verdict/judge-metrics.js', '../platform/monitoring.js', /knows nothing of releases/],
  ['functions/verification/watch.js', '../rollout/plan.js', /rooms of functions\/ do not import one another/],
  ['functions/release/picture/canvas.js', '../release.js', undefined],
  ['functions/release/outcome.js', '../verdict/reasons.js', /the record is below the rooms/],
  ['functions/main.js', './rollout/handler.js', undefined],
  [
    'local/run/run-room.js',
    '../../functions/release/naming.js',
    /the local cloud must not know the pipeline/,
  ],
  ['local/run/run-room.js', '../images/images-room.js', /rooms of local\/ do not import one another/],
  ['local/run/run-room.js', '../core/room.js', undefined],
  ['local/core/server.js', '../run/run-room.js', /the core is below the rooms/],
  ['local/cloud.js', './run/run-room.js', undefined],
  ['scripts/start.js', '../local/cloud.js', undefined],
  ['test/e2e/x.js', '../../functions/release/ledger.js', undefined],
])('%s imports %s', async (file, imported, says) => {
  const messages = await saysOf(file, imported);
  expect(messages).toEqual(says ? [expect.stringMatching(says)] : []);
});
