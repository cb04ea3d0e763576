import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FullConfig, FullResult, Reporter, Suite } from '@playwright/test/reporter';
import { readSettings } from './settings.ts';
import { summarise, type SmokeTest } from './summarise.ts';

/** Writes the summary of a run for people. */
export default class MarkdownReporter implements Reporter {
  readonly #outputFile: string;
  #config: FullConfig | undefined;
  #suite: Suite | undefined;

  constructor({ outputFile }: { readonly outputFile: string }) {
    this.#outputFile = outputFile;
  }

  onBegin(config: FullConfig, suite: Suite): void {
    this.#config = config;
    this.#suite = suite;
  }

  onEnd({ status, duration }: FullResult): void {
    const root = path.resolve(this.#config?.rootDir ?? '.', '..', '..');
    const tests = (this.#suite?.allTests() ?? []).map((test): SmokeTest => ({
      title: test.title,
      place: `${path.relative(root, test.location.file)}:${test.location.line}`,
      outcome: test.outcome(),
      seconds: test.results.reduce((sum, result) => sum + result.duration, 0) / 1000,
      error: test.results.find(({ error }) => error !== undefined)?.error?.message,
      attachments: (test.results.findLast(({ attachments }) => attachments.length > 0)?.attachments ?? [])
        .flatMap(({ path: file }) => (file === undefined ? [] : [file]))
        .map((file) => path.relative(path.dirname(this.#outputFile), file)),
    }));
    const { baseUrl, revision } = readSettings();
    mkdirSync(path.dirname(this.#outputFile), { recursive: true });
    writeFileSync(
      this.#outputFile,
      summarise({ baseUrl, revision, passed: status === 'passed', seconds: duration / 1000, tests }),
    );
  }
}
