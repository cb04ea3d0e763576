export interface Doorbell {
  readonly ring: () => void;
  /** Waits until it has rung since the last wait, however often, or `timeoutMs` are over. For one waiter at a time. */
  readonly wait: (timeoutMs: number) => Promise<void>;
}

export function createDoorbell(): Doorbell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(timeoutMs) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rung = false;
    },
  };
}
