import type { NetworkFault } from './messages.ts';

/** k6's numbers for what went wrong. https://grafana.com/docs/k6/latest/javascript-api/error-codes/ */
const faultCodes: Readonly<Record<string, number>> = {
  ETIMEDOUT: 1050,
  ENOTFOUND: 1101,
  EAI_AGAIN: 1100,
  ECONNREFUSED: 1212,
  ECONNRESET: 1220,
  EPIPE: 1201,
};

const generic = 1000;

/** 0: nothing went wrong. */
export function errorCode(status: number, fault: NetworkFault | undefined): number {
  if (fault) return faultCodes[fault.code] ?? generic;
  return status >= 400 && status < 600 ? 1000 + status : 0;
}
