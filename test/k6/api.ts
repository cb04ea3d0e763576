import http from 'k6/http';
import { check, sleep } from 'k6';

/*
 * Load on the board's API, for k6 (https://k6.io): people who read, then many at once. A smoke test, 20 seconds.
 *
 *   API_URL  the address of the API
 *   TOKEN    an identity token, where the address asks for one
 *   WRITES   `true`: also posts messages; only where nobody else reads the board
 */
const address = (__ENV.API_URL ?? '').replace(/\/$/, '');
if (!/^https?:\/\//.test(address))
  throw new Error('API_URL is not set: it holds the address of the API to test');

const token = __ENV.TOKEN ?? '';
const headers: Record<string, string> = token === '' ? {} : { Authorization: `Bearer ${token}` };

/** One series for all addresses of an endpoint. */
const named = (name: string) => ({ headers, timeout: '5s', tags: { name } });

export const options = {
  scenarios: {
    ramp: {
      executor: 'ramping-vus',
      exec: 'read',
      startVUs: 1,
      stages: [
        { duration: '4s', target: 8 },
        { duration: '4s', target: 8 },
        { duration: '1s', target: 0 },
      ],
      gracefulRampDown: '2s',
      gracefulStop: '5s',
    },
    spike: {
      executor: 'ramping-arrival-rate',
      exec: 'readOnce',
      startTime: '10s',
      startRate: 2,
      timeUnit: '1s',
      stages: [
        { duration: '2s', target: 2 },
        { duration: '1s', target: 40 },
        { duration: '4s', target: 40 },
        { duration: '1s', target: 2 },
      ],
      preAllocatedVUs: 15,
      maxVUs: 15,
      gracefulStop: '5s',
    },
    ...(__ENV.WRITES === 'true'
      ? {
          write: {
            executor: 'constant-arrival-rate' as const,
            exec: 'write',
            rate: 2,
            timeUnit: '1s',
            duration: '18s',
            preAllocatedVUs: 4,
            gracefulStop: '5s',
          },
        }
      : {}),
  },
  thresholds: {
    checks: ['rate>0.99'],
    http_req_failed: [{ threshold: 'rate<0.01', abortOnFail: true, delayAbortEval: '5s' }],
    'http_req_duration{scenario:ramp}': ['p(95)<300', 'med<100'],
    'http_req_duration{scenario:spike}': ['p(95)<600', 'max<3000'],
    // An iteration that had to be dropped is a request that never came, and would spoil the figures unnoticed.
    dropped_iterations: ['count<10'],
    // A threshold holds of no samples at all: these do not.
    'http_reqs{scenario:ramp}': ['count>50'],
    'http_reqs{scenario:spike}': ['count>150'],
  },
};

interface Page {
  readonly messages: readonly { readonly id: number }[];
}

function readMessages(): void {
  const answer = http.get(`${address}/messages?limit=20`, named('GET /messages'));
  check(answer, {
    'messages: status 200': ({ status }) => status === 200,
    'messages: in the order of their ids': (each) => {
      if (each.status !== 200) return false;
      const ids = (each.json() as unknown as Page).messages.map(({ id }) => id);
      return ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0));
    },
  });
}

/** A reader: looks whether the service is well, reads, and reads again after a while. */
export function read(): void {
  check(http.get(`${address}/health`, named('GET /health')), {
    'health: status 200': ({ status }) => status === 200,
  });
  readMessages();
  sleep(0.4);
}

export function readOnce(): void {
  readMessages();
}

export function write(): void {
  const body = JSON.stringify({ author: 'k6', text: `message of user ${__VU}, iteration ${__ITER}` });
  const params = named('POST /messages');
  const answer = http.post(`${address}/messages`, body, {
    ...params,
    headers: { ...headers, 'Content-Type': 'application/json' },
  });
  check(answer, { 'post: status 201': ({ status }) => status === 201 });
}
