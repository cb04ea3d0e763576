/** The exit codes of k6 that this runner uses too. https://grafana.com/docs/k6/latest/using-k6/thresholds/ */
export const exitCode = {
  ok: 0,
  thresholdsFailed: 99,
  setupTimeout: 100,
  teardownTimeout: 101,
  invalidConfig: 104,
  externalAbort: 105,
  scriptException: 107,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** A test cannot go on: the message names what is wrong and where, the exit code is that of k6. */
export class TestError extends Error {
  override readonly name = 'TestError';
  readonly exitCode: ExitCode;
  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = code;
  }
}

/** Something of k6 that this runner has not got. */
export const notSupported = (what: string, options?: ErrorOptions): TestError =>
  new TestError(
    exitCode.invalidConfig,
    `${what} is not supported by this runner, which knows a subset of k6; run the script with k6 itself, or do without it`,
    options,
  );
