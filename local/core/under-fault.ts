import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ApiError, asApiError } from './api-error.ts';
import type { Fate } from './api-faults.ts';
import { sleep, type Clock } from './clock.ts';
import { handled, Reply, type FailureStatus, type Route } from './room.ts';

const message = 'This request fails on purpose: a fault is set at /local/faults.';

const codeOf = { 409: 'ABORTED', 429: 'RESOURCE_EXHAUSTED', 500: 'INTERNAL', 503: 'UNAVAILABLE' } as const;

/** An error in the form of the route's API. */
function failure(route: Route, status: FailureStatus, { retryAfterSeconds }: Fate): Reply {
  const { body, headers } =
    route.failure?.(status, message) ?? new Reply(status, new ApiError(codeOf[status], message).toJson());
  return new Reply(status, body, {
    ...headers,
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
}

/** A response that nobody gets: whoever writes to it is none the wiser. It ends early when the client goes away. */
function withheld(request: IncomingMessage, response: ServerResponse): ServerResponse {
  const nowhere = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const stand = new ServerResponse(request);
  // A response asks no more of its socket than that it can be written to.
  stand.assignSocket(nowhere as unknown as Socket);
  // Node's server does this for the sockets that it has accepted.
  nowhere.on('drain', () => stand.emit('drain'));
  response.once('close', () => stand.destroy());
  return stand;
}

/** What a request meets: its route, and the means to carry it out towards a response. */
export interface Meeting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Route;
  carryOut(response: ServerResponse): Promise<Reply | typeof handled>;
}

/** Carries out the whole request and withholds the answer, whatever it is. */
async function carryOutUnanswered({ request, response, carryOut }: Meeting): Promise<void> {
  const nobodys = withheld(request, response);
  try {
    if ((await carryOut(nobodys)) !== handled) return;
  } catch (error) {
    // What the API would have refused is lost with the answer; a bug is none of what was asked for.
    if (asApiError(error).code === 'INTERNAL') throw error;
    return;
  }
  // The client went away before the end.
  await finished(nobodys, { readable: false }).catch(() => undefined);
}

/** Lets a request meet its fate. Resolves with what the client is to get, or `handled` when that is nothing. */
export async function underFault(
  fate: Fate,
  meeting: Meeting,
  clock: Clock,
): Promise<Reply | typeof handled> {
  const { fault, delayMs } = fate;
  const { request, response, route, carryOut } = meeting;
  if (delayMs > 0) await sleep(clock, delayMs);
  switch (fault) {
    case undefined:
      return carryOut(response);
    case 'timeout-before':
      request.socket.destroy();
      return handled;
    case 'timeout-after-effect':
      await carryOutUnanswered(meeting);
      request.socket.destroy();
      return handled;
    case 'error-after-effect':
      await carryOutUnanswered(meeting);
      return failure(route, 500, fate);
    case 'refuse-409':
      return failure(route, 409, fate);
    case 'refuse-429':
      return failure(route, 429, fate);
    case 'refuse-500':
      return failure(route, 500, fate);
    case 'refuse-503':
      return failure(route, 503, fate);
  }
}
