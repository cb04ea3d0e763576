import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Build } from '../../../local/build/build-types.ts';
import { buildCloud, type BuildCloud } from './support.ts';

let world: BuildCloud;
let firstCommit: string;
beforeAll(async () => {
  world = await buildCloud({ concurrency: 4 });
  firstCommit = world.repository.commit({ 'README.md': 'shop' }, 'first');
});
afterAll(async () => {
  await world.close();
});

const parent = 'projects/test-project/locations/europe-west1';
const config = 'steps:\n- name: ubuntu\n  args: [cat, file.txt]\n';

async function createTrigger(name: string, trigger: object): Promise<string> {
  const [made] = await world.client.createBuildTrigger({
    parent,
    projectId: 'test-project',
    trigger: {
      name,
      github: { owner: 'Acme', name: 'shop', push: { branch: '^main$' } },
      filename: 'cloudbuild.yaml',
      ...trigger,
    },
  });
  return made.id ?? '';
}

async function deleteTriggers(): Promise<void> {
  const [triggers] = await world.client.listBuildTriggers({ parent, projectId: 'test-project' });
  for (const { resourceName } of triggers)
    await world.client.deleteBuildTrigger({ name: resourceName ?? '' });
}
beforeEach(deleteTriggers);

/** The builds that a push has started, once all of it is worked off: a later push of another trigger tells so. */
async function builtBy(triggerId: string, push: () => { after: string }): Promise<Build[]> {
  const fence = await createTrigger(`fence-${triggerId.slice(0, 8)}`, {
    github: { owner: 'acme', name: 'shop', push: { tag: `^fence-${triggerId}$` } },
    build: { steps: [{ name: 'ubuntu', args: ['true'] }] },
    filename: undefined,
  });
  push();
  world.repository.push(`refs/tags/fence-${triggerId}`, firstCommit);
  await world.message((build) => build.buildTriggerId === fence);
  return world.published.filter((build) => build.buildTriggerId === triggerId && build.status === 'QUEUED');
}

describe('a push', () => {
  test('builds the pushed commit with its own config, and says all about it', async () => {
    const triggerId = await createTrigger('web', { substitutions: { _WHO: 'trigger' } });
    const sha = world.repository.commit({
      'cloudbuild.yaml':
        'steps:\n- name: ubuntu\n  args: [sh, -c, "cat file.txt; git log --oneline | wc -l; echo $_WHO ${_SHORT:-x} $BRANCH_NAME $SHORT_SHA"]\nsubstitutions: {_WHO: file, _SHORT: "${COMMIT_SHA:0:4}"}\ntags: [own]\n',
      'file.txt': 'pushed\n',
    });
    world.repository.push();
    const build = await world.message(
      (each) => each.buildTriggerId === triggerId && each.status === 'SUCCESS',
    );
    const url = 'https://github.com/acme/shop.git';
    expect(build).toMatchObject({
      name: `projects/123456789012/locations/europe-west1/builds/${build.id}`,
      source: { gitSource: { url, revision: sha } },
      sourceProvenance: { resolvedGitSource: { url, revision: sha } },
      options: { substitutionOption: 'ALLOW_LOOSE', dynamicSubstitutions: true, logging: 'LEGACY' },
      tags: ['own', `trigger-${triggerId}`],
      logUrl: expect.stringContaining('/cloud-build/builds;region=europe-west1/'),
    });
    expect(build.substitutions).toEqual({
      TRIGGER_NAME: 'web',
      COMMIT_SHA: sha,
      REVISION_ID: sha,
      SHORT_SHA: sha.slice(0, 7),
      REPO_NAME: 'shop',
      REPO_FULL_NAME: 'acme/shop',
      BRANCH_NAME: 'main',
      REF_NAME: 'main',
      TRIGGER_BUILD_CONFIG_PATH: 'cloudbuild.yaml',
      _WHO: 'trigger',
      _SHORT: sha.slice(0, 4),
    });
    expect(await world.logOf(build.id)).toContain(
      `Step #0: pushed\nStep #0: 1\nStep #0: trigger ${sha.slice(0, 4)} main ${sha.slice(0, 7)}`,
    );
  });

  test('a retry builds the same commit, also when the branch is gone, under a new id', async () => {
    const triggerId = await createTrigger('retried', {
      github: { owner: 'acme', name: 'shop', push: { branch: '^passing$' } },
    });
    const sha = world.repository.commit({ 'cloudbuild.yaml': config, 'file.txt': 'for the retry\n' });
    world.repository.push('refs/heads/passing');
    const first = await world.message(
      (each) => each.buildTriggerId === triggerId && each.status === 'SUCCESS',
    );
    world.repository.git('reset', '--quiet', '--hard', 'HEAD~1');
    world.repository.push('refs/heads/passing');
    world.repository.push();
    const name = `projects/test-project/locations/europe-west1/builds/${first.id}`;
    const [operation] = await world.client.retryBuild({ name, projectId: 'test-project', id: first.id });
    const [second] = await operation.promise();
    expect(second.id).not.toBe(first.id);
    // The client's operations keep enums as numbers.
    expect(second).toMatchObject({ status: 3, buildTriggerId: triggerId });
    expect(second.substitutions?.COMMIT_SHA).toBe(sha);
    expect(await world.logOf(second.id ?? '')).toContain('for the retry');
  });

  test.each<[name: string, trigger: object, push: () => { after: string }, count: number]>([
    ['another branch', {}, () => world.repository.push('refs/heads/other'), 0],
    [
      'an inverted pattern',
      { github: { owner: 'acme', name: 'shop', push: { branch: '^main$', invertRegex: true } } },
      () => world.repository.push('refs/heads/feature/1'),
      1,
    ],
    [
      'a pattern without anchors',
      { github: { owner: 'acme', name: 'shop', push: { branch: 'main' } } },
      () => world.repository.push('refs/heads/x-main-x'),
      1,
    ],
    [
      'a tag, for a tag trigger',
      { github: { owner: 'acme', name: 'shop', push: { tag: '^v' } } },
      () => world.repository.push('refs/tags/v1'),
      1,
    ],
    [
      'a tag, for a branch trigger',
      { github: { owner: 'acme', name: 'shop', push: { branch: '.*' } } },
      () => world.repository.push('refs/tags/v2'),
      0,
    ],
    [
      'another repository',
      { github: { owner: 'acme', name: 'other', push: { branch: '.*' } } },
      () => world.repository.push('refs/heads/main'),
      0,
    ],
    ['a disabled trigger', { disabled: true }, () => world.repository.push(), 0],
    [
      '[skip ci]',
      {},
      () => {
        world.repository.commit({ a: 'skip' }, 'text [skip ci]');
        return world.repository.push();
      },
      0,
    ],
    [
      '[ci skip]',
      {},
      () => {
        world.repository.commit({ a: 'skip2' }, '[ci skip] text');
        return world.repository.push();
      },
      0,
    ],
    [
      'a file outside includedFiles',
      { includedFiles: ['src/**'] },
      () => {
        world.repository.commit({ 'docs/a.md': '1' });
        return world.repository.push();
      },
      0,
    ],
    [
      'a file inside includedFiles, two commits back',
      { includedFiles: ['src/**'] },
      () => {
        world.repository.commit({ 'src/a': '1' });
        world.repository.commit({ 'docs/a.md': '2' });
        return world.repository.push();
      },
      1,
    ],
    [
      'only ignored files',
      { ignoredFiles: ['**/*.md'] },
      () => {
        world.repository.commit({ 'docs/a.md': '3' });
        return world.repository.push();
      },
      0,
    ],
    [
      'an empty commit passes the filters',
      { includedFiles: ['src/**'] },
      () => {
        world.repository.commit({});
        return world.repository.push();
      },
      1,
    ],
    [
      'a new branch: the files of its own commits',
      { github: { owner: 'acme', name: 'shop', push: { branch: '^new-' } }, includedFiles: ['src/**'] },
      () => {
        world.repository.commit({ 'docs/x': '1' });
        return world.repository.push('refs/heads/new-1');
      },
      0,
    ],
    [
      'a new branch on a known commit',
      { github: { owner: 'acme', name: 'shop', push: { branch: '^new-' } }, includedFiles: ['src/**'] },
      () => world.repository.push('refs/heads/new-2'),
      1,
    ],
    [
      'a deleted branch',
      { github: { owner: 'acme', name: 'shop', push: { branch: '^new-1$' } } },
      () => world.repository.push('refs/heads/new-1', ''),
      0,
    ],
  ])('%s', async (_, trigger, push, count) => {
    world.repository.push();
    const triggerId = await createTrigger('case', trigger);
    expect(await builtBy(triggerId, push)).toHaveLength(count);
  });

  test('an annotated tag builds its commit', async () => {
    const triggerId = await createTrigger('tags', {
      github: { owner: 'acme', name: 'shop', push: { tag: '^release-' } },
      build: { steps: [{ name: 'ubuntu', args: ['true'] }] },
      filename: undefined,
    });
    const sha = world.repository.commit({ b: 'tagged' });
    world.repository.git('tag', '--annotate', 'release-1', '--message', 'the first');
    world.repository.push('refs/tags/release-1', 'refs/tags/release-1');
    const build = await world.message(
      (each) => each.buildTriggerId === triggerId && each.status === 'SUCCESS',
    );
    expect(build.substitutions).toMatchObject({
      TAG_NAME: 'release-1',
      REF_NAME: 'release-1',
      COMMIT_SHA: sha,
      TRIGGER_BUILD_CONFIG_PATH: '',
    });
    expect(build.substitutions).not.toHaveProperty('BRANCH_NAME');
  });
});

describe('a push that cannot be built is a failed build', () => {
  const oneBuild = async (trigger: object, files: Record<string, string>): Promise<Build> => {
    const triggerId = await createTrigger('broken', trigger);
    world.repository.commit(files);
    world.repository.push();
    const build = await world.message(
      (each) => each.buildTriggerId === triggerId && each.status === 'FAILURE',
    );
    expect(world.published.filter(({ id }) => id === build.id).map(({ status }) => status)).toEqual([
      'QUEUED',
      'FAILURE',
    ]);
    return build;
  };

  test('the config is not in the commit', async () => {
    const build = await oneBuild({ filename: 'ci/none.yaml' }, { c: '1' });
    expect(build.statusDetail).toMatch(
      /^ci\/none\.yaml is not in commit [0-9a-f]{7} of acme\/shop: add the file, or correct the trigger's filename$/,
    );
    expect(build.substitutions?.COMMIT_SHA).toMatch(/^[0-9a-f]{40}$/);
    expect(await world.logOf(build.id)).toContain('ERROR: ci/none.yaml is not in commit');
  });

  test('the config is wrong: file, line, column and rule', async () => {
    const build = await oneBuild(
      { filename: 'bad.yaml' },
      { 'bad.yaml': 'steps:\n- name: ubuntu\n  argz: [x]\n  waitFor: [y]\n' },
    );
    expect(build.statusDetail).toBe(
      'bad.yaml:3:3: steps[0].argz: unknown field of BuildStep; did you mean "args"?',
    );
  });

  test('the config asks for what the local cloud has not got', async () => {
    const build = await oneBuild(
      { filename: 'maven.yaml' },
      { 'maven.yaml': `${config}artifacts: {mavenArtifacts: [{path: a.jar}]}\n` },
    );
    expect(build.statusDetail).toContain('artifacts.mavenArtifacts is not part of the local cloud');
  });

  test('a service account of the trigger needs a logging choice too', async () => {
    const build = await oneBuild(
      { serviceAccount: 'projects/p/serviceAccounts/builder@p.iam.gserviceaccount.com' },
      { 'cloudbuild.yaml': config },
    );
    expect(build.statusDetail).toContain('must choose its logging');
  });
});

describe('triggers', () => {
  test('can be read by name and by id, changed in part, and deleted', async () => {
    const id = await createTrigger('readable', {
      description: 'one',
    });
    const byName = `${parent}/triggers/readable`;
    const [trigger] = await world.client.getBuildTrigger({
      name: byName,
      projectId: 'test-project',
      triggerId: 'readable',
    });
    expect(trigger).toMatchObject({ id, resourceName: `${parent}/triggers/${id}`, description: 'one' });
    const [changed] = await world.client.updateBuildTrigger({
      projectId: 'test-project',
      triggerId: id,
      trigger: { resourceName: trigger.resourceName ?? null, description: 'two', disabled: true },
      updateMask: { paths: ['disabled'] },
    });
    expect(changed).toMatchObject({ description: 'one', disabled: true });
    // A field that the client package has not got, and a full update: what it does not name is gone.
    const response = await fetch(`${world.cloud.context.origin}/v1/${parent}/triggers/${id}`, {
      method: 'PATCH',
      body: JSON.stringify({
        github: { owner: 'acme', name: 'shop', push: { branch: '^x$' } },
        filename: 'c.yaml',
        includeBuildLogs: 'INCLUDE_BUILD_LOGS_WITH_STATUS',
      }),
    });
    const full = (await response.json()) as object;
    expect(full).toMatchObject({
      id,
      name: 'readable',
      filename: 'c.yaml',
      includeBuildLogs: 'INCLUDE_BUILD_LOGS_WITH_STATUS',
    });
    expect(full).not.toHaveProperty('description');
    await world.client.deleteBuildTrigger({ name: byName });
    await expect(world.client.getBuildTrigger({ name: byName })).rejects.toThrow('was not found');
  });

  test.each<[name: string, trigger: object, message: RegExp]>([
    ['a name', { name: 'not a name' }, /must be 1 to 64 letters/],
    ['no event', { github: { owner: 'acme', name: 'shop' } }, /either a branch or a tag pattern/],
    [
      'pull requests',
      { github: { owner: 'acme', name: 'shop', pullRequest: { branch: 'main' } } },
      /github.pullRequest is not part of the local cloud/,
    ],
    [
      'a pattern',
      { github: { owner: 'acme', name: 'shop', push: { branch: '(' } } },
      /"\(" is no regular expression/,
    ],
    ['no config', { filename: '' }, /exactly one of filename and build/],
    ['a substitution key', { substitutions: { foo: 'x' } }, /"foo" must match/],
    ['a binding', { substitutions: { _A: '$(body.ref)' } }, /payload bindings/],
    [
      'an inline build',
      { filename: undefined, build: { steps: [] } },
      /build\.steps: a build needs at least one step/,
    ],
    [
      'Pub/Sub',
      { pubsubConfig: { topic: 'projects/p/topics/t' } },
      /pubsubConfig is not part of the local cloud/,
    ],
  ])('%s is refused', async (_, trigger, message) => {
    await expect(createTrigger('refused', trigger)).rejects.toThrow(message);
  });

  test('a name is taken once a location', async () => {
    await createTrigger('taken', {});
    await expect(createTrigger('taken', {})).rejects.toThrow('exists in');
  });

  test('run by hand on a branch, with substitutions', async () => {
    const id = await createTrigger('by-hand', { disabled: true });
    const sha = world.repository.commit({ 'cloudbuild.yaml': config, 'file.txt': 'by hand\n' });
    world.repository.push('refs/heads/manual');
    const [operation] = await world.client.runBuildTrigger({
      name: `${parent}/triggers/${id}`,
      projectId: 'test-project',
      triggerId: id,
      source: { branchName: 'manual', substitutions: { _X: '1' } },
    });
    const [build] = await operation.promise();
    expect(build).toMatchObject({
      status: 3,
      substitutions: { COMMIT_SHA: sha, BRANCH_NAME: 'manual', _X: '1' },
    });
    await expect(
      world.client.runBuildTrigger({ name: `${parent}/triggers/${id}`, source: { branchName: 'absent' } }),
    ).rejects.toThrow("Couldn't read commit");
  });

  test('with approval: the build waits, is approved, and runs; another is rejected', async () => {
    const id = await createTrigger('guarded', {});
    const name = `${parent}/triggers/${id}`;
    // Not in the client package yet, so set over plain REST.
    await fetch(`${world.cloud.context.origin}/v1/${name}?updateMask=approvalConfig`, {
      method: 'PATCH',
      body: JSON.stringify({ approvalConfig: { approvalRequired: true } }),
    });
    world.repository.commit({ 'cloudbuild.yaml': config, 'file.txt': 'approved\n' });
    world.repository.push();
    const waiting = await world.message((each) => each.buildTriggerId === id && each.status === 'PENDING');
    const [operation] = await world.client.approveBuild({
      name: waiting.name,
      approvalResult: { decision: 'APPROVED', comment: 'fine' },
    });
    const [build] = await operation.promise();
    expect(build).toMatchObject({
      status: 3,
      approval: { state: 2, result: { comment: 'fine' } },
    });

    world.repository.commit({ 'file.txt': 'rejected\n' });
    world.repository.push();
    const second = await world.message(
      (each) => each.buildTriggerId === id && each.status === 'PENDING' && each.id !== waiting.id,
    );
    await world.client.approveBuild({ name: second.name, approvalResult: { decision: 'REJECTED' } });
    expect(await world.ended(second.id)).toMatchObject({
      status: 'CANCELLED',
      approval: { state: 'REJECTED' },
    });
  });
});
