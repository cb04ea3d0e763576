import { expect, test } from '@jest/globals';
import { loadPipeline } from '../../../scripts/pipeline/load.ts';

const head = `project: slipway-board
region: europe-west1
repository: slipway/board
`;

/** `line:column rule` of every error. */
function places(text: string): string[] {
  const result = loadPipeline(text, { file: 'pipeline.yaml', environment: 'local' });
  return result.ok ? [] : result.errors.map(({ line, column, rule }) => `${line}:${column} ${rule}`);
}

const rolloutKeys = 'preset, steps, bakeSeconds, onInconclusive, approve, metrics';
const step = (percent: number, atLeast = 1, atMost = 2): string =>
  `{ percent: ${percent}, atLeastSeconds: ${atLeast}, atMostSeconds: ${atMost} }`;

// Each snippet is one line of the service api, line 7 of the file.
test.each([
  [
    'all of it, with nothing wrong',
    `rollout: { preset: instant, steps: [${step(50)}], approve: [50, 100] }`,
    [],
  ],
  [
    'a misspelt preset',
    'rollout: { preset: carefull }',
    [
      '7:24 services.api.rollout.preset must be one of instant, canary, careful, not the text "carefull" (did you mean "careful"?)',
    ],
  ],
  [
    'the strategy there was before',
    'rollout: { strategy: all-at-once }',
    [`7:16 services.api.rollout has no key "strategy"; known keys: ${rolloutKeys}`],
  ],
  [
    'a misspelt answer to too little',
    'rollout: { onInconclusive: rollback }',
    [
      '7:32 services.api.rollout.onInconclusive must be one of wait, promote, roll-back, ask, not the text "rollback" (did you mean "roll-back"?)',
    ],
  ],
  [
    'steps that go back',
    `rollout: { steps: [${step(20)}, ${step(10)}] }`,
    ['7:23 services.api.rollout.steps: each step must have more percent than the one before'],
  ],
  [
    'a step with all traffic',
    `rollout: { steps: [${step(100)}] }`,
    ['7:35 services.api.rollout.steps.0.percent must be a whole number from 1 to 99, not the number 100'],
  ],
  [
    'a step without its most time',
    'rollout: { steps: [{ percent: 5, atLeastSeconds: 1 }] }',
    [
      '7:24 services.api.rollout.steps.0 lacks the key "atMostSeconds": Until then there is enough to judge by, or onInconclusive says what happens',
    ],
  ],
  [
    'a step that is over before it may be',
    `rollout: { steps: [${step(5, 3, 2)}] }`,
    ['7:24 services.api.rollout.steps.0: atLeastSeconds must not exceed atMostSeconds'],
  ],
  [
    'too many steps',
    `rollout: { steps: [${Array.from({ length: 21 }, (_, index) => step(index + 1)).join(', ')}] }`,
    ['7:23 services.api.rollout.steps must have at most 20 entries, not 21'],
  ],
  [
    'an approval of no step of the preset',
    'rollout: { approve: [5, 30] }',
    [
      '7:29 services.api.rollout.approve.1 is 30, which is no step; those of the preset canary: 5, 25, 50, 100',
    ],
  ],
  [
    'an approval of no step of its own',
    `rollout: { steps: [${step(20)}], approve: [5] }`,
    [
      '7:89 services.api.rollout.approve.0 is 5, which is no step; those of services.api.rollout.steps: 20, 100',
    ],
  ],
  [
    'metrics that would call one candidate healthy and unhealthy',
    'rollout: { metrics: { toleratedErrorRatio: 4 } }',
    [
      '7:16 services.api.rollout.metrics: toleratedErrorRatio must be less than notWorseRatio, or a candidate could be both healthy and unhealthy',
    ],
  ],
  [
    'a chance in percent',
    'rollout: { metrics: { falseAlarmRate: 1 } }',
    [
      '7:43 services.api.rollout.metrics.falseAlarmRate must be a number from 0.0001 to 0.2, not the number 1',
    ],
  ],
  [
    'a step back that no version forbids',
    'schema: { reversible: false }',
    [
      '7:5 services.api.schema: reversible: false needs a version of at least 1, for no version is earlier than 0',
    ],
  ],
  [
    'half a version',
    'schema: { version: 1.5 }',
    [`7:24 services.api.schema.version must be a whole number from 0 on, not the number 1.5`],
  ],
  [
    'a header with a colon',
    'health: { headers: { "x-a:": b } }',
    [
      '7:26 "x-a:" in services.api.health.headers must be the name of an HTTP header: letters, digits and characters such as "-", without spaces or ":"',
    ],
  ],
  [
    'a header of two lines',
    'health: { headers: { x-a: "b\\nc" } }',
    [
      '7:31 services.api.health.headers.x-a must be the value of an HTTP header: printable ASCII on one line, without space at either end',
    ],
  ],
  [
    'a body that has to contain nothing',
    'health: { bodyIncludes: "" }',
    ['7:29 services.api.health.bodyIncludes must not be empty'],
  ],
  [
    'an answer that may be later than it is waited for',
    'health: { latencyMs: 2000, timeoutSeconds: 1 }',
    ['7:5 services.api.health: latencyMs must not exceed timeoutSeconds: no probe waits longer than that'],
  ],
  [
    'a misspelt protocol',
    'health: { streams: [{ protocol: websockets, path: /a }] }',
    [
      '7:37 services.api.health.streams.0.protocol must be one of sse, websocket, not the text "websockets" (did you mean "websocket"?)',
    ],
  ],
  [
    'something to send over server-sent events',
    'health: { streams: [{ protocol: sse, path: /a, send: hello }] }',
    [
      '7:25 services.api.health.streams.0: send needs the protocol websocket; nothing can be sent over server-sent events',
    ],
  ],
  [
    'a journey of no steps',
    'health: { journeys: [{ name: read, steps: [] }] }',
    ['7:47 services.api.health.journeys.0.steps must not be empty'],
  ],
  [
    'a journey without a name',
    `health: { journeys: [{ name: ${'n'.repeat(61)}, steps: [{ path: / }] }] }`,
    ['7:34 services.api.health.journeys.0.name must have at most 60 characters, not 61'],
  ],
  [
    'a request with GET and a body',
    'health: { journeys: [{ name: read, steps: [{ path: /, body: a }] }] }',
    ['7:48 services.api.health.journeys.0.steps.0: a request with GET or HEAD has no body'],
  ],
  [
    'a misspelt key of what is expected',
    'health: { journeys: [{ name: read, steps: [{ path: /, expect: { bodyInclude: a } }] }] }',
    [
      '7:69 services.api.health.journeys.0.steps.0.expect has no key "bodyInclude" (did you mean "bodyIncludes"?); known keys: status, headers, bodyIncludes',
    ],
  ],
])('service: %s', (_, snippet, expected) => {
  expect(places(`${head}services:\n  api:\n    folder: a\n    ${snippet}\n`)).toEqual(expected);
});

// Each snippet is line 4 of the file, before the services api, web and worker.
test.each([
  ['all of them', 'releaseSets: [[api, web, worker]]', []],
  ['a set of one', 'releaseSets: [[api]]', ['4:15 releaseSets.0 must have at least 2 entries, not 1']],
  [
    'an unknown service',
    'releaseSets: [[api, wbe]]',
    [
      '4:21 releaseSets.0.1 is "wbe", which is not declared (did you mean "web"?); declared: api, web, worker',
    ],
  ],
  [
    'a service in two sets',
    'releaseSets: [[api, web], [worker, api]]',
    ['4:36 releaseSets.1.1 is "api", which stands in releaseSets.0 already; a service is in one set, once'],
  ],
  [
    'a service twice in its set',
    'releaseSets: [[api, web, api]]',
    ['4:26 releaseSets.0.2 is "api", which stands in releaseSets.0 already; a service is in one set, once'],
  ],
  [
    'one set that is no list of sets',
    'releaseSets: [api, web]',
    [
      '4:15 releaseSets.0 must be a list, not the text "api"',
      '4:20 releaseSets.1 must be a list, not the text "web"',
    ],
  ],
  [
    'an approval that the steps of an environment lack',
    `environments: { local: { defaults: { rollout: { steps: [${step(20)}] } } } }`,
    [
      '9:45 services.worker.rollout.approve.0 is 5, which is no step; those of environments.local.defaults.rollout.steps: 20, 100',
    ],
  ],
  [
    'an approval of an environment',
    'environments: { local: { services: { api: { rollout: { preset: instant, approve: [5] } } } } }',
    [
      '4:83 environments.local.services.api.rollout.approve.0 is 5, which is no step; those of the preset instant: 100',
    ],
  ],
  [
    'times of an environment that are wrong only together with the base',
    'environments: { local: { services: { api: { health: { latencyMs: 6000 } } } } }',
    [
      '4:45 environments.local.services.api.health: latencyMs must not exceed timeoutSeconds: no probe waits longer than that',
    ],
  ],
])('file: %s', (_, snippet, expected) => {
  const text = `${head}${snippet}
services:
  api:
    folder: a
  web: { folder: b }
  worker: { folder: c, rollout: { approve: [5] } }
`;
  expect(places(text)).toEqual(expected);
});
