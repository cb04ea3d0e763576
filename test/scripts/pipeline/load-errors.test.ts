import { describe, expect, test } from '@jest/globals';
import { loadPipeline } from '../../../scripts/pipeline/load.ts';

const head = `project: slipway-board
region: europe-west1
repository: slipway/board
`;

const database = `databases:
  board: { version: POSTGRES_18, tier: db-f1-micro, database: board, user: board, passwordSecret: password }
`;

/** `line:column rule` of every error. */
function places(text: string): string[] {
  const result = loadPipeline(text, { file: 'pipeline.yaml', environment: 'local' });
  return result.ok ? [] : result.errors.map(({ line, column, rule }) => `${line}:${column} ${rule}`);
}

const serviceKeys =
  'folder, context, builds, dependsOn, port, public, sessionAffinity, startup, health, env, secrets, database, scaling, rollout, schema';
const fileKeys =
  'project, region, repository, environments, databases, services, functions, releaseSets, notificationChannels';
const healthKeys =
  'path, startupPath, status, headers, bodyIncludes, latencyMs, consecutiveSuccesses, consecutiveFailures, intervalSeconds, timeoutSeconds, deadlineSeconds, watchSeconds, streams, journeys';
const changeKeys = serviceKeys.replace('folder, context, ', '');
const serviceName =
  'must be a name of lower-case letters, digits and hyphens that starts with a letter and does not end in a hyphen, at most 42 characters';
const reserved =
  'is reserved: PORT, K_SERVICE, K_REVISION, K_CONFIGURATION, CLOUD_API_ENDPOINT and names that start with X_GOOGLE_ are set by the platform';
const variable =
  'must be the name of an environment variable: letters, digits and "_", not starting with a digit';
const pathRule =
  'must be a path inside the repository: relative, of letters, digits and . _ @ + -, with "/" in between, without "." or ".." as a name';

test.each([
  ['an empty file', '', [`1:1 the file is empty; it must be a map with the keys ${fileKeys}`]],
  ['a list', '- a\n', [`1:1 the file must be a map with the keys ${fileKeys}, not a list`]],
  ['a tab', 'services:\n\tapi: 1\n', ['2:1 tabs cannot indent YAML; use spaces']],
  ['a duplicate key', 'a: 1\nb: 1\na: 2\n', ['3:1 this key stands twice in the same map; keep one of them']],
  [
    'two documents',
    'a: 1\n---\nb: 1\n',
    ['2:1 a second YAML document begins here; the file holds exactly one'],
  ],
  ['a key that is no text', '? [a]\n: 1\n', ['1:3 a key must be text']],
  ['an unknown anchor', 'a: *b\n', ['1:4 there is no anchor &b before the alias *b']],
  [
    'an alias of itself',
    'a: &b { c: *b }\n',
    ['1:12 the alias *b stands inside a value that is itself used through an alias; write it out'],
  ],
  ['an unknown tag', 'a: !b c\n', ['1:4 this is not valid YAML (Unresolved tag: !b)']],
  ['a name that JavaScript keeps', '__proto__: 1\n', ['1:1 "__proto__" cannot be used as a name']],
  [
    'a reference in braces without quotes',
    'env: { A: ${project} }\n',
    [
      '1:12 this is not valid YAML (Unexpected flow-map-start at node end); inside { } and [ ] a value with ${...} must be in quotes',
    ],
  ],
  [
    'two lines that are no YAML',
    'a: "b" c\nd: "e" f\n',
    [
      '1:8 this is not valid YAML (Unexpected scalar at node end)',
      '2:8 this is not valid YAML (Unexpected scalar at node end)',
    ],
  ],
])('YAML: %s', (_, text, expected) => {
  expect(places(text)).toEqual(expected);
});

test.each([
  [
    'missing keys',
    'project: slipway-board\n',
    [
      '1:1 the file lacks the key "region": Google Cloud region of everything that is deployed',
      '1:1 the file lacks the key "repository": The repository on GitHub: owner/name',
      '1:1 the file lacks the key "services": The services by name',
    ],
  ],
  [
    'a misspelt key',
    `${head}service: {}\nservices: { api: { folder: a } }\n`,
    [`4:1 the file has no key "service" (did you mean "services"?); known keys: ${fileKeys}`],
  ],
  [
    'wrong names',
    'project: Board\nregion: europe\nrepository: board\nservices: { api: { folder: a } }\n',
    [
      '1:10 project must be a Google Cloud project id: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending in a hyphen',
      '2:9 region must be a Google Cloud region such as europe-west1',
      '3:13 repository must be a repository on GitHub in the form owner/name',
    ],
  ],
  ['no service', `${head}services: {}\n`, ['4:1 services: at least one service is needed']],
  ['services left empty', `${head}services:\n`, ['4:10 services is empty; it must be a map']],
])('file: %s', (_, text, expected) => {
  expect(places(text)).toEqual(expected);
});

// Each snippet is one line under `services:`, line 5 of the file.
test.each([
  [
    'no folder',
    'api: { port: 80 }',
    ['5:3 services.api lacks the key "folder": Folder of the service, from the root of the repository'],
  ],
  ['folder outside', 'api: { folder: ../api }', [`5:18 services.api.folder ${pathRule}`]],
  ['folder from the root of the disk', 'api: { folder: /api }', [`5:18 services.api.folder ${pathRule}`]],
  ['folder with a slash at its end', 'api: { folder: api/ }', [`5:18 services.api.folder ${pathRule}`]],
  ['folder with a space', 'api: { folder: "a b" }', [`5:18 services.api.folder ${pathRule}`]],
  [
    'a glob outside',
    'api: { folder: a, dependsOn: [b/**, ../c] }',
    [
      '5:39 services.api.dependsOn.1 must be a glob of files inside the repository: relative, with "/" in between, without "." or ".." as a name',
    ],
  ],
  ['an upper-case name', 'Api: { folder: a }', [`5:3 "Api" in services ${serviceName}`]],
  ['a long name', `${'a'.repeat(43)}: { folder: a }`, [`5:3 "${'a'.repeat(43)}" in services ${serviceName}`]],
  [
    'a wrong name and what is under it',
    'api-: { folder: a, port: 0 }',
    [
      `5:3 "api-" in services ${serviceName}`,
      '5:28 services.api-.port must be a whole number from 1 to 65535, not the number 0',
    ],
  ],
  [
    'a misspelt key',
    'api: { folder: a, helath: {} }',
    [`5:21 services.api has no key "helath" (did you mean "health"?); known keys: ${serviceKeys}`],
  ],
  [
    'a key like no other',
    'api: { folder: a, xyz: {} }',
    [`5:21 services.api has no key "xyz"; known keys: ${serviceKeys}`],
  ],
  [
    'port out of range',
    'api: { folder: a, port: 70000 }',
    ['5:27 services.api.port must be a whole number from 1 to 65535, not the number 70000'],
  ],
  [
    'port with a fraction',
    'api: { folder: a, port: 80.5 }',
    ['5:27 services.api.port must be a whole number from 1 to 65535, not the number 80.5'],
  ],
  [
    'port in quotes',
    'api: { folder: a, port: "80" }',
    ['5:27 services.api.port must be a whole number from 1 to 65535, not the text "80"'],
  ],
  [
    'yes for true',
    'api: { folder: a, public: yes }',
    ['5:29 services.api.public must be true or false, not the text "yes"'],
  ],
  [
    'startup too long',
    'api: { folder: a, startup: { deadlineSeconds: 241 } }',
    ['5:49 services.api.startup.deadlineSeconds must be a whole number from 1 to 240, not the number 241'],
  ],
  [
    'a health path that Google keeps',
    'api: { folder: a, health: { path: /healthz } }',
    ['5:37 services.api.health.path must not end in "z": Google\'s front end may answer such paths itself'],
  ],
  [
    'a health path without slash',
    'api: { folder: a, health: { path: health } }',
    ['5:37 services.api.health.path must be a path that starts with /'],
  ],
  [
    'a verification that takes too long',
    'api: { folder: a, health: { deadlineSeconds: 300, watchSeconds: 201 } }',
    [
      '5:21 services.api.health: deadlineSeconds + watchSeconds + intervalSeconds + timeoutSeconds must not exceed 450: an event function may run for 540 seconds, with all that comes before and after',
    ],
  ],
  [
    'health left empty',
    'api: { folder: a, health: }',
    [`5:29 services.api.health is empty; it must be a map with the keys ${healthKeys}`],
  ],
  [
    'a number as a variable',
    'api: { folder: a, env: { A: 5 } }',
    ['5:31 services.api.env.A must be text, not the number 5; put it in quotes'],
  ],
  [
    'a variable with a hyphen',
    'api: { folder: a, env: { A-B: c } }',
    [`5:28 "A-B" in services.api.env ${variable}`],
  ],
  [
    'reserved: PORT',
    'api: { folder: a, env: { PORT: "1" } }',
    [`5:28 "PORT" in services.api.env ${reserved}`],
  ],
  [
    'reserved: K_SERVICE',
    'api: { folder: a, env: { K_SERVICE: a } }',
    [`5:28 "K_SERVICE" in services.api.env ${reserved}`],
  ],
  [
    'reserved: K_REVISION',
    'api: { folder: a, secrets: { K_REVISION: a } }',
    [`5:32 "K_REVISION" in services.api.secrets ${reserved}`],
  ],
  [
    'reserved: K_CONFIGURATION',
    'api: { folder: a, env: { K_CONFIGURATION: a } }',
    [`5:28 "K_CONFIGURATION" in services.api.env ${reserved}`],
  ],
  [
    'reserved: CLOUD_API_ENDPOINT',
    'api: { folder: a, env: { CLOUD_API_ENDPOINT: a } }',
    [`5:28 "CLOUD_API_ENDPOINT" in services.api.env ${reserved}`],
  ],
  [
    'reserved: X_GOOGLE_',
    'api: { folder: a, env: { X_GOOGLE_A: a } }',
    [`5:28 "X_GOOGLE_A" in services.api.env ${reserved}`],
  ],
  [
    'a secret name with a slash',
    'api: { folder: a, secrets: { A: b/c } }',
    [
      '5:35 services.api.secrets.A must be the name of a secret: letters, digits, "_" and "-", at most 255 characters',
    ],
  ],
  [
    'a name in env and secrets',
    'api: { folder: a, env: { A: b }, secrets: { A: c } }',
    ['5:47 services.api.secrets.A gives A a second value: it stands under env too; keep one of them'],
  ],
  [
    'cpu without quotes',
    'api: { folder: a, scaling: { cpu: 2 } }',
    ['5:37 services.api.scaling.cpu must be text, not the number 2; put it in quotes'],
  ],
  [
    'cpu that does not exist',
    'api: { folder: a, scaling: { cpu: "3" } }',
    [
      '5:37 services.api.scaling.cpu must be a number of CPUs: "1", "2", "4", "6", "8", or from "0.08" to "0.99"',
    ],
  ],
  [
    'memory without a unit',
    'api: { folder: a, scaling: { memory: "512" } }',
    ['5:40 services.api.scaling.memory must be an amount of memory in Mi or Gi, such as 512Mi or 2Gi'],
  ],
  [
    'more instances at least than at most',
    'api: { folder: a, scaling: { minInstances: 11 } }',
    ['5:21 services.api.scaling: minInstances must not exceed maxInstances'],
  ],
  [
    'many requests for part of a CPU',
    'api: { folder: a, scaling: { cpu: "0.5" } }',
    ['5:21 services.api.scaling: concurrency must be 1 with less than one CPU'],
  ],
  [
    'requests that take too long',
    'api: { folder: a, scaling: { timeoutSeconds: 3601 } }',
    ['5:48 services.api.scaling.timeoutSeconds must be a whole number from 1 to 3600, not the number 3601'],
  ],
  [
    'a database that is not declared',
    'api: { folder: a, database: board }',
    ['5:31 services.api.database is "board", which is not declared; none is declared'],
  ],
  [
    'one folder twice',
    'api: { folder: a }\n  web: { folder: a }',
    ['6:18 services.web.folder is the folder of api already; every service needs a folder of its own'],
  ],
  [
    'a context beside the folder',
    'api: { folder: services/api, context: services/ap }',
    ['5:41 services.api.context is not above the folder of the service, services/api'],
  ],
  [
    'several errors in one service',
    'api: { folder: /, port: 0, health: { paht: /a } }',
    [
      `5:18 services.api.folder ${pathRule}`,
      '5:27 services.api.port must be a whole number from 1 to 65535, not the number 0',
      `5:40 services.api.health has no key "paht" (did you mean "path"?); known keys: ${healthKeys}`,
    ],
  ],
])('service: %s', (_, snippet, expected) => {
  expect(places(`${head}services:\n  ${snippet}\n`)).toEqual(expected);
});

// Each snippet is line 5 of the file, under `databases:`.
test.each([
  [
    'an unknown version',
    'board: { version: POSTGRES_9, tier: db-f1-micro, database: b, user: b, passwordSecret: p }',
    [
      '5:21 databases.board.version must be one of POSTGRES_14, POSTGRES_15, POSTGRES_16, POSTGRES_17, POSTGRES_18, not the text "POSTGRES_9"',
    ],
  ],
  [
    'a misspelt version',
    'board: { version: postgres18, tier: db-f1-micro, database: b, user: b, passwordSecret: p }',
    [
      '5:21 databases.board.version must be one of POSTGRES_14, POSTGRES_15, POSTGRES_16, POSTGRES_17, POSTGRES_18, not the text "postgres18" (did you mean "POSTGRES_18"?)',
    ],
  ],
  [
    'an unknown tier',
    'board: { version: POSTGRES_18, tier: small, database: b, user: b, passwordSecret: p }',
    ['5:40 databases.board.tier must be a Cloud SQL machine type such as db-f1-micro or db-custom-2-7680'],
  ],
  [
    'a missing user',
    'board: { version: POSTGRES_18, tier: db-f1-micro, database: b, passwordSecret: p }',
    ['5:3 databases.board lacks the key "user": Name of the database user'],
  ],
  [
    'an upper-case name',
    'Board: { version: POSTGRES_18, tier: db-f1-micro, database: b, user: b, passwordSecret: p }',
    [
      '5:3 "Board" in databases must be a name of lower-case letters, digits and hyphens that starts with a letter and does not end in a hyphen',
    ],
  ],
  [
    'a database name that starts with a digit',
    'board: { version: POSTGRES_18, tier: db-f1-micro, database: 1b, user: b, passwordSecret: p }',
    [
      '5:63 databases.board.database must be a name of letters, digits, "_" and "-" that does not start with a digit, at most 63 characters',
    ],
  ],
  [
    'a socket path that is too long',
    `${'b'.repeat(57)}: { version: POSTGRES_18, tier: db-f1-micro, database: b, user: b, passwordSecret: p }`,
    [
      `5:3 databases.${'b'.repeat(57)} has too long a name: the path of its socket would have 108 characters, and Linux takes 107`,
    ],
  ],
])('database: %s', (_, snippet, expected) => {
  expect(places(`${head}databases:\n  ${snippet}\nservices: { api: { folder: a } }\n`)).toEqual(expected);
});

const known =
  '${project}, ${region}, ${commit}, ${services.api.url}, ${services.web.url}, ${databases.board.socket}';

// Each snippet is the value of an environment variable of web, line 11 of the file.
test.each([
  [
    'a misspelt reference',
    '${porject}',
    [
      `11:10 services.web.env.A holds \${porject}, which is no known reference (did you mean "\${project}"?); known: ${known}`,
    ],
  ],
  [
    'an unknown service',
    '${services.apo.url}',
    [
      `11:10 services.web.env.A holds \${services.apo.url}, which is no known reference (did you mean "\${services.api.url}"?); known: ${known}`,
    ],
  ],
  [
    'an unknown property',
    '${services.api.uri}',
    [
      `11:10 services.web.env.A holds \${services.api.uri}, which is no known reference (did you mean "\${services.api.url}"?); known: ${known}`,
    ],
  ],
  [
    'an open brace',
    'a-${project',
    [
      `11:10 services.web.env.A holds \${project, which is no known reference (did you mean "\${project}"?); known: ${known}`,
    ],
  ],
  [
    'two in one value',
    '${a}-${b}',
    [
      `11:10 services.web.env.A holds \${a}, which is no known reference; known: ${known}`,
      `11:10 services.web.env.A holds \${b}, which is no known reference; known: ${known}`,
    ],
  ],
  [
    'a socket without the database',
    '${databases.board.socket}',
    [
      '11:10 services.web.env.A needs the socket of board, which only a service with "database: board" has; add that to services.web',
    ],
  ],
  [
    'its own address',
    '${services.web.url}',
    [
      '11:10 services.web.env.A closes a circle of addresses, web → web; a service gets its address when it is first deployed, so that none of these could be deployed first',
    ],
  ],
  ['a literal', '$${project}-$$-$HOME', []],
])('reference: %s', (_, value, expected) => {
  const text = `${head}${database}services:
  api: { folder: a }
  web:
    folder: b
    env:
      A: ${value}
`;
  expect(places(text)).toEqual(expected);
});

describe('places in environments and circles', () => {
  test('a circle of three is reported once, where it begins', () => {
    const text = `${head}services:
  a: { folder: a, env: { X: "\${services.b.url}" } }
  b: { folder: b, env: { X: "\${services.c.url}" } }
  c: { folder: c, env: { X: "\${services.a.url}" } }
`;
    expect(places(text)).toEqual([
      '5:29 services.a.env.X closes a circle of addresses, a → b → c → a; a service gets its address when it is first deployed, so that none of these could be deployed first',
    ]);
  });

  // Each snippet is line 5 of the file, under `environments:`.
  test.each([
    [
      'an unknown service',
      'local: { services: { apo: {} } }',
      [
        '5:24 environments.local.services.apo changes a service that is not declared (did you mean "api"?); declared: api, web',
      ],
    ],
    [
      'a misspelt key in defaults',
      'local: { defaults: { prot: 1 } }',
      [
        `5:24 environments.local.defaults has no key "prot" (did you mean "port"?); known keys: ${changeKeys}`,
      ],
    ],
    [
      'a wrong value in defaults, once for all services',
      'local: { defaults: { port: 0 } }',
      ['5:30 environments.local.defaults.port must be a whole number from 1 to 65535, not the number 0'],
    ],
    [
      'a folder, which no environment may change',
      'local: { defaults: { folder: b } }',
      [`5:24 environments.local.defaults has no key "folder"; known keys: ${changeKeys}`],
    ],
    [
      'a value that is wrong only together with the base',
      'local: { services: { api: { health: { watchSeconds: 480 } } } }',
      [
        '5:31 environments.local.services.api.health: deadlineSeconds + watchSeconds + intervalSeconds + timeoutSeconds must not exceed 450: an event function may run for 540 seconds, with all that comes before and after',
      ],
    ],
    [
      'another environment than the one that is asked for',
      'staging: { defaults: { database: board } }',
      ['5:36 environments.staging.defaults.database is "board", which is not declared; none is declared'],
    ],
    [
      'a reference in an environment',
      'local: { services: { web: { env: { A: "${x}" } } } }',
      [
        '5:41 environments.local.services.web.env.A holds ${x}, which is no known reference; known: ${project}, ${region}, ${commit}, ${services.api.url}, ${services.web.url}',
      ],
    ],
    [
      'a secret that is a variable of the base',
      'local: { defaults: { secrets: { LEVEL: level } } }',
      [
        '5:35 environments.local.defaults.secrets.LEVEL gives LEVEL a second value: it stands under env too; keep one of them',
      ],
    ],
    [
      'an upper-case name',
      'Local: {}',
      [
        '5:3 "Local" in environments must be a name of lower-case letters, digits and hyphens that starts with a letter, at most 30 characters',
      ],
    ],
    [
      'an empty one',
      'staging:',
      ['5:11 environments.staging is empty; it must be a map with the keys branch, defaults, services'],
    ],
    [
      'a branch with a space',
      'staging: { branch: a b }',
      ['5:22 environments.staging.branch must be the name of a branch'],
    ],
    [
      'a branch as a pattern',
      'staging: { branch: "release/*" }',
      ['5:22 environments.staging.branch must be the name of a branch'],
    ],
  ])('environment: %s', (_, snippet, expected) => {
    const text = `${head}environments:
  ${snippet}
services:
  api: { folder: a, env: { LEVEL: info } }
  web: { folder: b }
`;
    expect(places(text)).toEqual(expected);
  });
});
