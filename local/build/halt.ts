/** Why a build, and with it every step under way, is ended before its time. */
export type HaltReason = 'cancelled' | 'stopped' | 'timeout' | 'failed';

/** The one switch that ends a build; the first reason counts. */
export interface Halt {
  readonly signal: AbortSignal;
  /** Undefined as long as the build goes on. */
  reason(): HaltReason | undefined;
  end(reason: HaltReason): void;
}

export function createHalt(): Halt {
  const controller = new AbortController();
  let first: HaltReason | undefined;
  return {
    signal: controller.signal,
    reason: () => first,
    end(reason) {
      first ??= reason;
      controller.abort(first);
    },
  };
}
