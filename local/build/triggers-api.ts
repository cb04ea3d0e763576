import { randomUUID } from 'node:crypto';
import type protobuf from 'protobufjs';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import { applyFieldMask } from '../core/field-mask.ts';
import type { GitHost } from '../core/links.ts';
import type { Methods } from '../core/proto-routes.ts';
import type { Table } from '../core/state.ts';
import type { BuildTrigger } from './build-types.ts';
import { commitToRun, type RunSource } from './commit-to-run.ts';
import type { CreateBuild } from './create-build.ts';
import type { Git } from './git.ts';
import { pageOf } from './pages.ts';
import { isWithin, resourceOf, scopeOf, type Scope } from './resource-names.ts';
import { startTrigger, type PlacedTrigger } from './start-trigger.ts';
import { triggerProblems, unsupportedInTrigger, type GivenTrigger } from './trigger-rules.ts';

interface TriggerReference {
  name?: string;
  projectId?: string;
  triggerId?: string;
}

interface RunRequest extends TriggerReference {
  source?: RunSource;
}

export interface TriggersApiLinks {
  readonly context: CloudContext;
  readonly table: Table<PlacedTrigger>;
  readonly git: Git;
  readonly host: GitHost;
  readonly createBuild: CreateBuild;
  readonly descriptors: protobuf.Root;
}

/** Fields of a trigger that an update may change; the others are Cloud Build's. */
const mutable = [
  'name',
  'description',
  'tags',
  'github',
  'build',
  'filename',
  'disabled',
  'substitutions',
  'ignoredFiles',
  'includedFiles',
  'serviceAccount',
  'includeBuildLogs',
  'approvalConfig',
] as const satisfies readonly (keyof BuildTrigger)[];

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

/** The triggers half of the CloudBuild service. */
export function triggersApi(links: TriggersApiLinks): Methods {
  const { context, table, git, host } = links;
  const list = (): PlacedTrigger[] =>
    table.values().sort((a, b) => (a.trigger.createTime < b.trigger.createTime ? 1 : -1));
  const find = ({ name, projectId, triggerId }: TriggerReference): PlacedTrigger => {
    const resource = resourceOf(context, 'triggers', {
      ...(name === undefined ? {} : { name }),
      ...(projectId === undefined ? {} : { projectId }),
      ...(triggerId === undefined ? {} : { id: triggerId }),
    });
    const placed = list().find(
      (each) => isWithin(each, resource) && [each.trigger.id, each.trigger.name].includes(resource.id),
    );
    if (placed) return placed;
    throw new ApiError(
      'NOT_FOUND',
      `Requested entity was not found: trigger ${resource.id} in ${resource.project}/${resource.location}`,
    );
  };
  const check = (given: GivenTrigger, scope: Scope, id: string): void => {
    const unsupported = unsupportedInTrigger(given);
    if (unsupported.length > 0) throw new ApiError('UNIMPLEMENTED', unsupported.join('; '));
    const problems = triggerProblems(given);
    if (problems.length > 0) throw invalid(`Invalid trigger: ${problems.join('; ')}`);
    if (
      list().some(
        ({ trigger, ...place }) => isWithin(place, scope) && trigger.name === given.name && trigger.id !== id,
      )
    ) {
      throw new ApiError(
        'ALREADY_EXISTS',
        `a trigger named "${given.name ?? ''}" exists in ${scope.project}/${scope.location} already`,
      );
    }
  };
  const store = (placed: PlacedTrigger): BuildTrigger => {
    table.set(placed.trigger.id, placed);
    return placed.trigger;
  };

  return {
    CreateBuildTrigger(request: {
      parent?: string;
      projectId?: string;
      trigger?: GivenTrigger;
    }): BuildTrigger {
      const scope = scopeOf(context, request);
      const id = randomUUID();
      const given: GivenTrigger = { ...request.trigger };
      const named = (given.name ?? '') === '' ? { ...given, name: `trigger-${id.slice(0, 8)}` } : given;
      check(named, scope, id);
      return store({
        ...scope,
        trigger: {
          ...(named as BuildTrigger),
          id,
          resourceName: `projects/${scope.project}/locations/${scope.location}/triggers/${id}`,
          createTime: timestamp(context.clock),
        },
      });
    },
    GetBuildTrigger: (request: TriggerReference): BuildTrigger => find(request).trigger,
    ListBuildTriggers(request: {
      parent?: string;
      projectId?: string;
      pageSize?: number;
      pageToken?: string;
    }) {
      const scope = scopeOf(context, request);
      const triggers = list().flatMap(({ trigger, ...place }) => (isWithin(place, scope) ? [trigger] : []));
      const ids = triggers.map(({ id }) => id);
      const page = pageOf(
        triggers,
        request,
        ({ id }) => id,
        ({ id }, last) => ids.indexOf(id) > ids.indexOf(last),
      );
      return {
        triggers: page.items,
        ...(page.nextPageToken === undefined ? {} : { nextPageToken: page.nextPageToken }),
      };
    },
    UpdateBuildTrigger(request: {
      projectId?: string;
      triggerId?: string;
      trigger?: GivenTrigger;
      updateMask?: string;
    }) {
      const given: GivenTrigger = request.trigger ?? {};
      const placed = find(
        given.resourceName === undefined || given.resourceName === ''
          ? request
          : { name: given.resourceName },
      );
      const { id, resourceName, createTime } = placed.trigger;
      const mask = request.updateMask ?? '';
      const changed: GivenTrigger =
        mask === ''
          ? { name: placed.trigger.name, ...given }
          : { ...applyFieldMask<BuildTrigger>(placed.trigger, given, mask, mutable) };
      check(changed, placed, id);
      return store({ ...placed, trigger: { ...(changed as BuildTrigger), id, resourceName, createTime } });
    },
    DeleteBuildTrigger(request: TriggerReference) {
      table.delete(find(request).trigger.id);
      return {};
    },
    async RunBuildTrigger(request: RunRequest) {
      const placed = find(request);
      const source = request.source ?? {};
      const at = await commitToRun(placed.trigger, source, git, host);
      const { substitutions = {} } = source;
      const { operation } = await startTrigger(placed, at, links, { substitutions });
      return context.operations.get(operation);
    },
  };
}
