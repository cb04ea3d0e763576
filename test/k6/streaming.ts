import { check } from 'k6';
import http from 'k6/http';
import { Rate, Trend } from 'k6/metrics';
import ws from 'k6/ws';
import { address, headers, isLocal } from './lib/candidate.ts';

/*
 * Connections to the board's stream, for k6 (https://k6.io): readers who stay, then many who come, wait for the first
 * frame, and go.
 */

/** From the start of the handshake to the first frame of the service, in milliseconds. */
const firstFrame = new Trend('stream_first_frame', true);
/** Whether a connection was still open when the reader wanted to leave. */
const stayedOpen = new Rate('stream_stayed_open');

const readers = isLocal ? 4 : 10;
const stayMs = isLocal ? 1_800 : 12_000;
/** How long a visitor waits for a first frame. Longer than the limit: what comes late is measured, not missed. */
const patienceMs = 5_000;
const visitors = isLocal ? 6 : 20;

/*
 * Milliseconds. With two cores, eight processes that only calculate and the api's test beside it, the slowest 5 % took 19
 * to 91 ms to the first frame, and up to 115 ms to /health, with the local profile. More than ten times that is not noise
 * any more; and a stream that waits for two seconds is above it on every machine. On Google Cloud nobody else uses the
 * candidate's core, and the limit is nearer. A machine that stands still for seconds is what the second try in
 * cloudbuild/release.yaml is for.
 */
const p95 = isLocal ? 1500 : 1000;

export const options = {
  scenarios: {
    readers: {
      executor: 'per-vu-iterations',
      exec: 'stay',
      vus: readers,
      iterations: 1,
      maxDuration: '20s',
      gracefulStop: '2s',
    },
    visitors: {
      executor: 'ramping-arrival-rate',
      exec: 'visit',
      startTime: isLocal ? '300ms' : '2s',
      startRate: 1,
      timeUnit: '1s',
      stages: isLocal
        ? [
            { duration: '500ms', target: 12 },
            { duration: '1s', target: 12 },
          ]
        : [
            { duration: '3s', target: 5 },
            { duration: '1s', target: 20 },
            { duration: '4s', target: 20 },
            { duration: '1s', target: 1 },
          ],
      preAllocatedVUs: visitors,
      maxVUs: visitors,
      gracefulStop: '6s',
    },
  },
  thresholds: {
    stream_first_frame: [`p(95)<${p95}`],
    ws_connecting: [`p(95)<${p95}`],
    'http_req_duration{name:GET /health}': [`p(95)<${p95}`],
    stream_stayed_open: ['rate>0.99'],
    checks: ['rate>0.99'],
    // A threshold holds of no samples at all. These do not: a third of what comes when nothing is in the way.
    'ws_sessions{scenario:readers}': [`count>=${readers}`],
    'ws_sessions{scenario:visitors}': [`count>=${isLocal ? 5 : 35}`],
    ws_msgs_received: [`count>=${isLocal ? 9 : 45}`],
  },
};

/** Connects, and leaves `ms` after the first frame. */
function connect(ms: number): void {
  const began = Date.now();
  let heard = false;
  let leaving = false;
  const answer = ws.connect(`${address.replace(/^http/, 'ws')}/stream`, { headers }, (socket) => {
    const leave = (): void => {
      leaving = true;
      socket.close(1000);
    };
    socket.on('message', (text) => {
      if (heard) return;
      heard = true;
      firstFrame.add(Date.now() - began);
      const { type } = JSON.parse(text) as { readonly type: string };
      check(type, { 'the first frame says that all is sent': (each) => each === 'ready' });
      socket.setTimeout(leave, ms);
    });
    socket.setTimeout(() => {
      if (!heard) leave();
    }, patienceMs);
  });
  stayedOpen.add(leaving);
  check(answer, {
    'handshake: status 101': ({ status }) => status === 101,
    'a first frame came': () => heard,
  });
}

export function stay(): void {
  const answer = http.get(`${address}/health`, { headers, timeout: '5s', tags: { name: 'GET /health' } });
  check(answer, { 'health: status 200': ({ status }) => status === 200 });
  connect(stayMs);
}

export function visit(): void {
  connect(50);
}
