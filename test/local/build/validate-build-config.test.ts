import { describe, expect, test } from '@jest/globals';
import { cloudBuildDescriptors } from '../../../local/build/descriptors.ts';
import { spokenError, validateBuildConfig } from '../../../local/build/validate-build-config.ts';

const descriptors = cloudBuildDescriptors();
const check = (text: string, triggered = true): readonly string[] => {
  const result = validateBuildConfig(text, { file: 'cloudbuild.yaml', triggered, descriptors });
  return 'errors' in result ? result.errors.map((error) => spokenError('cloudbuild.yaml', error)) : [];
};
const step = "steps: [{name: ubuntu, args: ['true']}]\n";
const many = (count: number, item: string): string =>
  `[${Array.from({ length: count }, () => item).join(',')}]`;

describe('configs that are right', () => {
  test.each(
    Object.entries({
      'the least that works': step,
      JSON: '{"steps":[{"name":"ubuntu","args":["true"]}],"timeout":"60s"}',
      'snake_case names': `${step}queue_ttl: 60s\noptions: {substitution_option: ALLOW_LOOSE, machine_type: E2_HIGHCPU_8}`,
      'anchors and merge keys': 'steps:\n- &base {name: ubuntu, args: ["true"]}\n- {<<: *base, id: second}',
      'waitFor earlier steps, and none':
        'steps:\n- {name: a, id: x, waitFor: ["-"]}\n- {name: b, waitFor: [x]}',
      'a secret that is used': `steps: [{name: a, secretEnv: [S]}]\navailableSecrets: {secretManager: [{versionName: projects/$PROJECT_ID/secrets/s/versions/latest, env: S}]}`,
      'shared volumes':
        'steps:\n- {name: a, volumes: [{name: vol, path: /v}]}\n- {name: b, volumes: [{name: vol, path: /w}]}',
      'script with a shell’s own variables':
        'steps:\n- name: ubuntu\n  script: |\n    echo ${lower} $OTHER ${A[@]}',
      'options.pubsubTopic, which the client package does not know': `${step}options: {pubsubTopic: projects/p/topics/t}`,
    }),
  )('%s', (_, text) => {
    expect(check(text)).toEqual([]);
  });

  test('the build comes back in proto3 JSON form', () => {
    const text =
      'steps:\n- name: a\n  wait_for: ["-"]\n  allow_exit_codes: [1]\noptions: {disk_size_gb: 100}';
    expect(validateBuildConfig(text, { file: 'f', descriptors })).toEqual({
      build: {
        steps: [{ name: 'a', waitFor: ['-'], allowExitCodes: [1] }],
        options: { diskSizeGb: '100' },
      },
    });
  });
});

describe('configs that are wrong, with the place', () => {
  test.each<[name: string, text: string, first: RegExp]>([
    ['empty', '', /^cloudbuild.yaml:1:1: cloudbuild.yaml is empty$/],
    ['no mapping', '- a', /:1:1: must be a mapping, not a list/],
    ['broken YAML', 'steps:\n  - name: "x\n', /:\d+:\d+: Missing closing "quote/],
    ['a key twice', 'steps: []\nsteps: []', /:2:1: Map keys must be unique/],
    ['an unknown field', `${step}stepps: []`, /:2:1: stepps: unknown field of Build; did you mean "steps"\?/],
    [
      'an unknown field of a step',
      'steps:\n- name: a\n  arg: [x]',
      /:3:3: steps\[0\]\.arg: unknown field of BuildStep; did you mean "args"/,
    ],
    ['a name that every object inherits', `${step}constructor: 1`, /constructor: unknown field/],
    [
      'a list that is none',
      'steps:\n- name: a\n  args: x',
      /:3:3: steps\[0\]\.args: must be a list, not string "x"/,
    ],
    [
      'a number for a string',
      'steps:\n- name: a\n  args: [1]',
      /:3:10: steps\[0\]\.args\[0\]: must be a string \(put 1 in quotes\)/,
    ],
    [
      'an enum value',
      `${step}options: {logging: LOUD}`,
      /options\.logging: "LOUD" is not one of LOGGING_UNSPECIFIED, LEGACY/,
    ],
    ['a duration', `${step}timeout: 10m`, /:2:1: timeout: must be a duration in seconds such as "600s"/],
    [
      'two sources',
      `${step}source: {gitSource: {url: u}, storageSource: {bucket: b}}`,
      /storageSource: cannot stand beside "gitSource"/,
    ],
    ['no steps', 'tags: [a]', /steps: a build needs at least one step/],
    ['301 steps', `steps: ${many(301, '{name: a}')}`, /steps: 301 steps; at most 300/],
    ['101 arguments', `steps: [{name: a, args: ${many(101, 'x')}}]`, /args: 101 arguments; at most 100/],
    [
      'an endless argument',
      `steps: [{name: a, args: [${'x'.repeat(10_001)}]}]`,
      /args\[0\]: 10001 characters; at most 10000/,
    ],
    ['no name', 'steps: [{args: [x]}]', /steps\[0\]: a step needs a "name"/],
    [
      'script and args',
      'steps:\n- {name: a, script: x,\n   args: [y]}',
      /:3:4: .*"script" and "args" exclude each other/,
    ],
    [
      'script and entrypoint',
      'steps: [{name: a, script: x, entrypoint: sh}]',
      /"script" and "entrypoint" exclude/,
    ],
    [
      'waitFor a later step',
      'steps:\n- {name: a, waitFor: [z]}\n- {name: b, id: z}',
      /:2:23: .*"z" stands further down/,
    ],
    ['waitFor nobody', 'steps:\n- {name: a, wait_for: [q]}', /waitFor\[0\]: "q" is the id of no step/],
    [
      'an id twice',
      'steps:\n- {name: a, id: x}\n- {name: b, id: x}',
      /:3:13: steps\[1\]\.id: "x" is the id of an earlier step/,
    ],
    ['the id "-"', 'steps: [{name: a, id: "-"}]', /"-" is reserved/],
    ['env without =', 'steps: [{name: a, env: [FOO]}]', /env\[0\]: "FOO" must have the form KEY=VALUE/],
    ['dir out of the workspace', 'steps: [{name: a, dir: ../x}]', /dir: "\.\.\/x" leads out of/],
    ['an exit code', 'steps: [{name: a, allowExitCodes: [256]}]', /256 is no exit code/],
    [
      'a step timeout over the build’s',
      'timeout: 60s\nsteps: [{name: a, timeout: 61s}]',
      /:2:\d+: steps\[0\]\.timeout: 61s is longer than the build's own timeout of 60s/,
    ],
    ['more than a day', `${step}timeout: 86401s`, /timeout: 86401s is longer than 86400s/],
    ['a disk too large', `${step}options: {diskSizeGb: 4001}`, /at most 4000 GB/],
    [
      'a volume name',
      'steps:\n- {name: a, volumes: [{name: -v, path: /v}]}\n- {name: b, volumes: [{name: -v, path: /v}]}',
      /is no volume name/,
    ],
    [
      'a reserved path',
      'steps:\n- {name: a, volumes: [{name: vv, path: /workspace}]}\n- {name: b, volumes: [{name: vv, path: /v}]}',
      /"\/workspace" is reserved/,
    ],
    [
      'a relative path',
      'steps:\n- {name: a, volumes: [{name: vv, path: v}]}\n- {name: b, volumes: [{name: vv, path: /v}]}',
      /must be an absolute path/,
    ],
    [
      'a lonely volume',
      'steps: [{name: a, volumes: [{name: vv, path: /v}]}]',
      /volume "vv" is used by one step only/,
    ],
    [
      'a volume path twice',
      'steps:\n- {name: a, volumes: [{name: vv, path: /v},{name: ww, path: /v}]}\n- {name: b, volumes: [{name: vv, path: /v},{name: ww, path: /w}]}',
      /"\/v" is used twice in one step/,
    ],
    [
      'a step volume like a global one',
      `options: {volumes: [{name: vv, path: /v}]}\nsteps:\n- {name: a, volumes: [{name: vv, path: /x}]}\n- {name: b}`,
      /conflicts with a volume in options/,
    ],
    [
      'a secret nobody defined',
      'steps: [{name: a, secretEnv: [S]}]',
      /secretEnv\[0\]: "S" is defined by no entry of availableSecrets/,
    ],
    [
      'a secret nobody uses',
      `${step}availableSecrets: {secretManager: [{versionName: projects/p/secrets/s/versions/1, env: S}]}`,
      /"S" is used by no step's secretEnv/,
    ],
    [
      'a secret that is a variable too',
      'steps: [{name: a, env: [S=1], secretEnv: [S]}]\navailableSecrets: {secretManager: [{versionName: projects/p/secrets/s/versions/1, env: S}]}',
      /"S" is set in env too/,
    ],
    [
      'a secret globally and in a step',
      'options: {secretEnv: [S]}\nsteps: [{name: a, secretEnv: [S]}]\navailableSecrets: {secretManager: [{versionName: projects/p/secrets/s/versions/1, env: S}]}',
      /stands in options.secretEnv too/,
    ],
    [
      'a version name',
      'steps: [{name: a, secretEnv: [S]}]\navailableSecrets: {secretManager: [{versionName: s, env: S}]}',
      /"s" must have the form projects/,
    ],
    [
      'a substitution key',
      `${step}substitutions: {FOO: x}`,
      /substitutions\.FOO: "FOO" must match \^_\[A-Z0-9_\]\+\$/,
    ],
    ['a fixed key', `${step}substitutions: {PROJECT_ID: x}`, /cannot be overridden/],
    [
      'a long substitution',
      `${step}substitutions: {_A: ${'x'.repeat(4001)}}`,
      /the value is longer than 4000 bytes/,
    ],
    ['a substitution circle', `${step}substitutions: {_A: $_B, _B: $_A}`, /goes in a circle: _A → _B → _A/],
    [
      'an expansion nobody knows',
      'steps: [{name: a, args: ["${_A@Q}"]}]',
      /args\[0\]: \$\{_A@Q\}: this expansion is not supported/,
    ],
    [
      'an artifact location',
      `${step}artifacts: {objects: {location: bucket, paths: [a]}}`,
      /"bucket" must have the form gs:/,
    ],
    [
      'a service account without a logging choice',
      `${step}serviceAccount: projects/p/serviceAccounts/a`,
      /must choose its logging/,
    ],
  ])('%s', (_, text, first) => {
    expect(check(text)[0]).toMatch(first);
  });

  test('all errors come at once, in the order of the file', () => {
    const found = check('timeout: 90000s\nsteps:\n- {name: a, waitFor: [q], env: [X]}');
    expect(found.map((error) => error.split(':').slice(1, 2).join())).toEqual(['1', '3', '3']);
  });
});

describe('substitutions of a build that no trigger starts', () => {
  test.each<[name: string, text: string, expected: RegExp[]]>([
    ['match', 'steps: [{name: $_A}]\nsubstitutions: {_A: x}', []],
    [
      'missing',
      'steps: [{name: a, args: ["$_A", "$PATH"]}]',
      [/args\[0\]: "_A" has no value/, /args\[1\]: "PATH" has no value.*\$\$PATH/],
    ],
    [
      'unused',
      'steps: [{name: a}]\nsubstitutions: {_A: x}',
      [/:2:17: substitutions\._A: "_A" is used nowhere/],
    ],
    ['built-in keys may be empty', 'steps: [{name: a, args: [$COMMIT_SHA, $PROJECT_ID]}]', []],
    [
      'ALLOW_LOOSE',
      'steps: [{name: a, args: [$_X]}]\nsubstitutions: {_A: x}\noptions: {substitutionOption: ALLOW_LOOSE}',
      [],
    ],
    [
      'automapped keys are used',
      'steps: [{name: a, script: "echo $_A", automapSubstitutions: true}]\nsubstitutions: {_A: x}',
      [],
    ],
  ])('%s', (_, text, expected) => {
    const found = check(text, false);
    expect(found).toHaveLength(expected.length);
    expected.forEach((pattern, index) => {
      expect(found[index]).toMatch(pattern);
    });
  });
});
