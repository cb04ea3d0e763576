/** Whose figures these are: in everything that our runner reports. */
export const notice =
  "Slipway's own runner of k6 scripts: it knows a subset of k6, and is not k6 (https://k6.io).";
