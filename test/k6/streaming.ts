import { check } from 'k6';
import { Rate, Trend } from 'k6/metrics';
import ws from 'k6/ws';

/*
 * Connections to the board's stream, for k6 (https://k6.io): readers who stay, then many who come and go. A smoke test,
 * 20 seconds.
 *
 *   STREAMING_URL  the address of the streaming service, with http(s): or ws(s):
 *   TOKEN          an identity token, where the address asks for one
 */
const address = (__ENV.STREAMING_URL ?? '').replace(/^http/, 'ws').replace(/\/$/, '');
if (!/^wss?:\/\//.test(address))
  throw new Error('STREAMING_URL is not set: it holds the address of the streaming service to test');

const token = __ENV.TOKEN ?? '';
const headers: Record<string, string> = token === '' ? {} : { Authorization: `Bearer ${token}` };

/** From the start of the handshake to the first frame of the service. */
const firstFrame = new Trend('stream_first_frame', true);
/** Whether a connection was still open when the reader wanted to leave. */
const stayedOpen = new Rate('stream_stayed_open');

const stayMs = 12_000;
const visitMs = 500;

export const options = {
  scenarios: {
    readers: {
      executor: 'per-vu-iterations',
      exec: 'stay',
      vus: 10,
      iterations: 1,
      maxDuration: '20s',
      gracefulStop: '2s',
    },
    visitors: {
      executor: 'ramping-arrival-rate',
      exec: 'visit',
      startTime: '2s',
      startRate: 1,
      timeUnit: '1s',
      stages: [
        { duration: '3s', target: 5 },
        { duration: '1s', target: 20 },
        { duration: '4s', target: 20 },
        { duration: '1s', target: 1 },
      ],
      preAllocatedVUs: 20,
      maxVUs: 20,
      gracefulStop: '5s',
    },
  },
  thresholds: {
    checks: ['rate>0.99'],
    ws_connecting: ['p(95)<500'],
    stream_first_frame: ['p(95)<1000', 'max<5000'],
    stream_stayed_open: ['rate>0.99'],
    dropped_iterations: ['count<5'],
    // A threshold holds of no samples at all: these do not.
    'ws_sessions{scenario:readers}': ['count>=10'],
    'ws_sessions{scenario:visitors}': ['count>80'],
    ws_msgs_received: ['count>=90'],
  },
};

/** Connects, and leaves after `ms`. */
function connect(ms: number): void {
  const began = Date.now();
  let heard = false;
  let leaving = false;
  const answer = ws.connect(`${address}/stream`, { headers }, (socket) => {
    socket.on('message', (text) => {
      if (heard) return;
      heard = true;
      firstFrame.add(Date.now() - began);
      const { type } = JSON.parse(text) as { readonly type: string };
      check(type, { 'the first frame says that all is sent': (each) => each === 'ready' });
    });
    socket.setTimeout(() => {
      leaving = true;
      socket.close(1000);
    }, ms);
  });
  stayedOpen.add(leaving);
  check(answer, {
    'handshake: status 101': ({ status }) => status === 101,
    'a first frame came': () => heard,
  });
}

export function stay(): void {
  connect(stayMs);
}

export function visit(): void {
  connect(visitMs);
}
