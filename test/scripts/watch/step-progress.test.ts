import { expect, test } from '@jest/globals';
import type { BuildStep } from '../../../functions/platform/cloud-build.ts';
import { stepProgress } from '../../../scripts/watch/step-progress.ts';

const steps = ['install', 'lint', 'unit'].map((id): BuildStep => ({
  id,
  status: 'QUEUED',
  exitCode: undefined,
  seconds: undefined,
}));

test.each<[string, string[], string]>([
  ['nothing yet', [], 'QUEUED QUEUED QUEUED'],
  ['the first runs', ['Starting Step #0 - "install"'], 'WORKING QUEUED QUEUED'],
  [
    'two side by side',
    ['Starting Step #0', 'Finished Step #0', 'Starting Step #1 - "lint"', 'Starting Step #2'],
    'SUCCESS WORKING WORKING',
  ],
  [
    'one ends before the other',
    ['Starting Step #1', 'Starting Step #2', 'Finished Step #2'],
    'QUEUED WORKING SUCCESS',
  ],
  ['what a step prints is no news', ['Step #0: Starting Step #1', 'Starting Step x'], 'QUEUED QUEUED QUEUED'],
  ['a step that the build has not got', ['Starting Step #9'], 'QUEUED QUEUED QUEUED'],
])('%s', (_, lines, expected) => {
  expect(
    stepProgress(steps, lines)
      .map(({ status }) => status)
      .join(' '),
  ).toBe(expected);
});
