import type { Telemetry } from 'slipway-telemetry/telemetry.ts';

/** As long as a service gives its last reports; Cloud Run gives an instance ten seconds. */
const lastReportMs = 2000;
const ends = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'] as const;

/**
 * Sends what is left before the process ends. The framework ends it the moment that it is asked to, or that nobody has
 * caught an error; so what it listens with is put off until then.
 */
export function reportBeforeEnd(
  telemetry: Pick<Telemetry, 'report' | 'stop'>,
  from: NodeJS.EventEmitter = process,
): void {
  for (const event of ends) {
    const listeners = from.rawListeners(event);
    // Without any the default ends the process, and there is nothing to put off.
    if (listeners.length === 0) continue;
    from.removeAllListeners(event);
    let isEnding = false;
    from.on(event, (...values: readonly unknown[]) => {
      if (isEnding) return;
      isEnding = true;
      const [cause] = values;
      if (cause instanceof Error) telemetry.report(cause);
      void telemetry.stop(lastReportMs).then(() => {
        for (const listener of listeners) Reflect.apply(listener, from, values);
      });
    });
  }
}
