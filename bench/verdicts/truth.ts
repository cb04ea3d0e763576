/** What is true of a simulated release, and what no judge is told. */
export interface Truth {
  readonly name: string;
  readonly kind: 'same' | 'errors' | 'latency';
  readonly requestsPerMinute: number;
  /** Stable's share of errors. */
  readonly errorRate: number;
  /** By how much the candidate's share of errors is higher, minute by minute. */
  readonly errorFactor: (minute: number) => number;
  /** By how much the candidate is slower. */
  readonly latencyFactor: number;
}

export const canaryShare = 0.1;
export const horizonMinutes = 60;
export const stretchSeconds = 10;

const traffics = [1, 10, 60, 300, 1000] as const;
const errorRates = [0.001, 0.01] as const;
const percent = (share: number): string => `${share * 100} %`;

/** A leak: as good as stable for 20 minutes, then worse and worse, to twenty times at the end. */
const leak = (minute: number): number => 1 + (19 * Math.max(0, minute - 20)) / 40;

function truthsAt(requestsPerMinute: number): Truth[] {
  const same = { requestsPerMinute, errorFactor: () => 1, latencyFactor: 1 };
  return [
    ...errorRates.flatMap((errorRate): Truth[] => {
      const name = `errors ${percent(errorRate)}`;
      return [
        { ...same, kind: 'same', errorRate, name: `${name}, no change` },
        ...[1.2, 2, 3, 10].map((factor): Truth => ({
          ...same,
          kind: 'errors',
          errorRate,
          name: `${name} × ${factor}`,
          errorFactor: () => factor,
        })),
        { ...same, kind: 'errors', errorRate, name: `${name}, leak`, errorFactor: leak },
      ];
    }),
    ...[1.1, 1.3, 2, 3].map((factor): Truth => ({
      ...same,
      kind: 'latency',
      errorRate: 0.001,
      name: `latency × ${factor}`,
      latencyFactor: factor,
    })),
  ];
}

export const truths: readonly Truth[] = traffics.flatMap(truthsAt);
