/** What the figures mean, and what they do not show. */
export const howToRead = `
Every release is simulated for 60 minutes with 10 % of the traffic on the candidate, and each way of judging sees the same answers. A cell reads: bad answers that the candidate gave until it was taken back, mean (median); the median time until then; the share never taken back. Bad answers are errors, and in the rows on latency the answers slower than stable's true 95th percentile, of which there are 5 % without any change.

- **This**: the verdict of \`functions/verdict\` with its defaults: 1 % false alarms for all counts and looks together, and a slow-down of up to 12 % tolerated. "No slow-down tolerated" is the same with \`toleratedSlowdown: 1\`, so that it wants what the others want.
- **Threshold**: the candidate's metric against a fixed limit, the way of Flagger and Argo Rollouts. Default: 1 % (errors; or answers slower than 500 ms), five failed checks in all, one a minute.
- **Mann-Whitney**: metric values of windows, candidate against stable, the way of Kayenta. Default: windows of a minute, judged every ten, p < 1 %.
- **Tuned**: for each cell the interval (down to 10 s), the number of checks, in a row or in all, the windows, the look-back and for latency the metric were chosen that let the fewest bad answers pass _in that cell_ (in other releases of which the same is true), with the limit that takes back at most 1 % of releases without a change at the same traffic and base rate. Nobody has that knowledge; it is the best that could be had of these ways.
- **This ÷ best tuned**: mean bad answers, with looks every 10 s; in the rows on latency with no slow-down tolerated.
- **Told the ratio**: Wald's test on the same events, told how much worse the candidate is. No test of these events does much better, so where this column is more than half of the best tuned, half cannot be had.

Shortfalls to know:

- Where bad events are rare (fewer than about five of the candidate in the hour) a limit that was tuned to the true base rate is quicker: it need not learn the base rate from stable. The gap is about one bad answer; the price of the limit is a rate that must never change.
- A difference within the tolerated slow-down is not called unhealthy, on purpose; the strict column shows what can be seen.
- A leak is found later than by a tuned threshold: what was good before counts for the candidate.
- Real traffic comes in bursts: errors that arrive together for one cause are not independent, and the chance of a false alarm then holds only if bursts hit both sides alike.
`.trim();
