import { z } from 'zod';
import { healthPolicy, journey, streamProbe } from '../../functions/release/policy.ts';
import { headerName, headerValue } from './values.ts';

// `health` as a team writes it: what travels with a revision, described, and stricter where a mistake would otherwise
// be found by the first probe only.

const { shape: healthShape } = healthPolicy;
const { shape: streamShape } = streamProbe;
const { shape: journeyShape } = journey;
const { shape: requestShape } = journeyShape.steps.element;
const expectation = requestShape.expect.unwrap();

const expectedHeaders = z
  .record(headerName, headerValue)
  .default({})
  .describe('Headers of the answer: name to what its value has to contain, both regardless of case.');
const bodyIncludes = healthShape.bodyIncludes.describe('Text that the body of the answer has to contain.');

const stream = streamProbe
  .safeExtend({
    protocol: streamShape.protocol.describe('sse for server-sent events, or websocket.'),
    path: streamShape.path.describe('Path of the stream.'),
    send: streamShape.send.describe('Text that is sent once a WebSocket is open.'),
    firstMessageSeconds: streamShape.firstMessageSeconds.describe(
      'How long the first message may take after the connection was asked for.',
    ),
    openSeconds: streamShape.openSeconds.describe(
      'How long the connection has to stay open after the first message.',
    ),
  })
  .refine(({ protocol, send }) => protocol === 'websocket' || send === undefined, {
    message: 'send needs the protocol websocket; nothing can be sent over server-sent events',
  });

const request = journeyShape.steps.element
  .safeExtend({
    method: requestShape.method.describe('Method of the request.'),
    path: requestShape.path.describe('Path of the request, with its query.'),
    headers: z
      .record(headerName, headerValue)
      .default({})
      .describe('Headers of the request. Everybody who reads the repository reads them too: no secrets.'),
    body: requestShape.body.describe('Body of the request; its content-type is one of the headers.'),
    expect: expectation
      .safeExtend({
        status: expectation.shape.status.describe('HTTP status of the right answer.'),
        headers: expectedHeaders,
        bodyIncludes,
      })
      .prefault({})
      .describe('What the answer has to be.'),
  })
  .refine(({ method, body }) => body === undefined || !['GET', 'HEAD'].includes(method), {
    message: 'a request with GET or HEAD has no body',
  });

/** How a candidate has to answer. */
export const health = healthPolicy
  .safeExtend({
    path: healthShape.path.describe('Path that verification asks for.'),
    startupPath: healthShape.startupPath.describe(
      'Path that is asked first, until it answers as the health path has to: for services that are long in starting.',
    ),
    status: healthShape.status.describe('HTTP status of a healthy answer.'),
    headers: expectedHeaders,
    bodyIncludes,
    latencyMs: healthShape.latencyMs.describe('A slower answer is a bad one.'),
    consecutiveSuccesses: healthShape.consecutiveSuccesses.describe(
      'How many healthy answers in a row make the candidate healthy.',
    ),
    consecutiveFailures: healthShape.consecutiveFailures.describe(
      'How many bad answers in a row take a candidate back that has traffic.',
    ),
    intervalSeconds: healthShape.intervalSeconds.describe('Time between two probes.'),
    timeoutSeconds: healthShape.timeoutSeconds.describe('How long one probe waits for its answer.'),
    deadlineSeconds: healthShape.deadlineSeconds.describe(
      'From the first probe to the end of the first run of consecutive successes.',
    ),
    watchSeconds: healthShape.watchSeconds.describe(
      'How long the candidate must go on answering from its first success on.',
    ),
    streams: z.array(stream).max(10).default([]).describe('Connections that the candidate has to keep.'),
    journeys: z
      .array(
        journey.safeExtend({
          name: journeyShape.name.describe('Name, for reports.'),
          steps: z.array(request).min(1).max(20).describe('Requests, in their order.'),
        }),
      )
      .max(10)
      .default([])
      .describe('What a user would do: requests in a row, each with the answer that is right.'),
  })
  .refine(({ latencyMs, timeoutSeconds }) => (latencyMs ?? 0) <= timeoutSeconds * 1000, {
    message: 'latencyMs must not exceed timeoutSeconds: no probe waits longer than that',
  });
