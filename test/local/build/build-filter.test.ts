import { describe, expect, test } from '@jest/globals';
import { buildFilter } from '../../../local/build/build-filter.ts';
import type { Build } from '../../../local/build/build-types.ts';
import { buildTypeName, cloudBuildDescriptors } from '../../../local/build/descriptors.ts';
import { ApiError } from '../../../local/core/api-error.ts';

const type = cloudBuildDescriptors().lookupType(buildTypeName);
const build: Build = {
  id: 'b-1',
  name: 'projects/1/locations/global/builds/b-1',
  projectId: 'p',
  status: 'WORKING',
  createTime: '2026-05-01T10:00:00.500Z',
  logUrl: '',
  buildTriggerId: 't-1',
  tags: ['web', 'trigger-t-1'],
  images: ['eu/p/web:1'],
  substitutions: { COMMIT_SHA: 'abc', BRANCH_NAME: 'main', TRIGGER_NAME: 'web' },
  source: { gitSource: { url: 'https://github.com/acme/shop.git', revision: 'abc' } },
};

describe('filters', () => {
  test.each<[filter: string, matches: boolean]>([
    ['', true],
    ['status="WORKING"', true],
    ['status=WORKING', true],
    ["status='QUEUED'", false],
    ['status!="SUCCESS"', true],
    ['status="WORKING" OR status="QUEUED"', true],
    ['status="WORKING" AND trigger_id="t-1" AND build_id!="b-1"', false],
    ['status="WORKING" AND trigger_id="t-1" AND build_id!="b-2"', true],
    ['build_trigger_id="t-1"', true],
    ['status="WORKING" trigger_id="t-2"', false],
    ['NOT status="WORKING"', false],
    ['-status="WORKING"', false],
    ['NOT (status="QUEUED" OR status="PENDING")', true],
    ['tags="web"', true],
    ['tags:web', true],
    ['tags="api"', false],
    ['tags!="api"', true],
    ['tags!="web"', false],
    ['tags=("api" OR "web")', true],
    // OR binds tighter than AND.
    ['status="QUEUED" AND tags="web" OR tags="api"', false],
    ['status="QUEUED" OR status="WORKING" AND tags="api"', false],
    ['(status="QUEUED" AND tags="web") OR tags="web"', true],
    ['create_time>"2026-05-01T10:00:00Z"', true],
    ['create_time>=2026-05-01T10:00:00.500Z', true],
    ['create_time<"2026-05-01T12:00:00+02:00"', false],
    ['create_time<"2026-05-02T00:00:00Z" AND create_time>"2026-05-01T00:00:00Z"', true],
    ['finish_time>"2026-05-01T00:00:00Z"', false],
    ['substitutions.COMMIT_SHA="abc"', true],
    ['substitutions.COMMIT_SHA="abd"', false],
    ['substitutions._ABSENT="x"', false],
    ['trigger_name="web"', true],
    ['source.git_source.revision="abc"', true],
    ['source.repo_source.branch_name="main"', false],
    ['images="eu/p/web:1"', true],
    ['projectId="p"', true],
  ])('%s', (filter, matches) => {
    expect(buildFilter(type, filter)(build)).toBe(matches);
  });

  test.each<[filter: string, message: RegExp]>([
    ['colour="red"', /"colour" is no field of a build/],
    ['status.x="red"', /"status.x" is no field/],
    ['substitutions="x"', /"substitutions" needs a key/],
    ['status=', /a value expected at position 7, not "the end"/],
    ['status', /a comparison after "status" expected/],
    ['status="A" OR', /a field expected/],
    ['(status="A"', /"\)" expected/],
    ['status="A")', /the end expected/],
    ['status="A', /unexpected/],
    ['create_time>"yesterday"', /"yesterday" is no timestamp/],
  ])('%s is refused', (filter, message) => {
    const parse = (): unknown => buildFilter(type, filter);
    expect(parse).toThrow(ApiError);
    expect(parse).toThrow(message);
  });
});
