export interface Stage {
  readonly durationMs: number;
  readonly target: number;
}

/** When iterations begin, in milliseconds from the start of their scenario, at a constant rate: the first at once. */
export function* constantArrivals(perSecond: number, durationMs: number): Generator<number> {
  for (let n = 0; ; n += 1) {
    const at = (n * 1000) / perSecond;
    // In whole nanoseconds: 29 / 10 * 1000 must not fall short of 2900.
    if (Math.round(at * 1e6) >= Math.round(durationMs * 1e6)) return;
    yield at;
  }
}

/**
 * When iterations begin while the rate (per second) goes from stage to stage in straight lines: the n-th when the area
 * below the line has come to n. A stage of no length is a jump.
 */
export function* rampingArrivals(startPerSecond: number, stages: readonly Stage[]): Generator<number> {
  let n = 1;
  let areaBefore = 0;
  let stageStart = 0;
  let from = startPerSecond / 1000;
  for (const { durationMs, target } of stages) {
    const to = target / 1000;
    const areaAfter = areaBefore + (durationMs * (from + to)) / 2;
    for (; n <= areaAfter + 1e-9; n += 1) {
      const area = n - areaBefore;
      // Solves  from·t + (to − from)·t² / (2·duration) = area  in the form that also holds for to = from.
      const root = Math.sqrt(Math.max(0, from * from + (2 * (to - from) * area) / durationMs));
      yield stageStart + Math.min(durationMs, (2 * area) / (from + root));
    }
    areaBefore = areaAfter;
    stageStart += durationMs;
    from = to;
  }
}
