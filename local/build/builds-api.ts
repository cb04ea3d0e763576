import type protobuf from 'protobufjs';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { Operation } from '../core/operations.ts';
import type { Methods } from '../core/proto-routes.ts';
import { buildFilter } from './build-filter.ts';
import type { BuildQueue } from './build-queue.ts';
import type { BuildRecord, BuildStore } from './build-store.ts';
import { hasEnded, type Approval, type Build, type BuildConfig } from './build-types.ts';
import type { CreateBuild } from './create-build.ts';
import { buildTypeName } from './descriptors.ts';
import { pageOf } from './pages.ts';
import { isWithin, resourceOf, scopeOf } from './resource-names.ts';

interface BuildReference {
  name?: string;
  projectId?: string;
  id?: string;
}

interface ListRequest {
  parent?: string;
  projectId?: string;
  pageSize?: number;
  pageToken?: string;
  filter?: string;
}

interface ApproveRequest {
  name?: string;
  approvalResult?: NonNullable<Approval['result']>;
}

export interface BuildsApiLinks {
  readonly context: CloudContext;
  readonly store: BuildStore;
  readonly queue: BuildQueue;
  readonly createBuild: CreateBuild;
  readonly descriptors: protobuf.Root;
}

/** The builds half of the CloudBuild service. */
export function buildsApi({ context, store, queue, createBuild, descriptors }: BuildsApiLinks): Methods {
  const type = descriptors.lookupType(buildTypeName);
  const operationOf = ({ operation }: BuildRecord): Operation => context.operations.get(operation);
  const find = (reference: BuildReference): BuildRecord => {
    const resource = resourceOf(context, 'builds', reference);
    const record = store.find(resource.id);
    if (!record || !isWithin(record.request, resource)) {
      throw new ApiError(
        'NOT_FOUND',
        `Requested entity was not found: build ${resource.id} in ${resource.project}/${resource.location}`,
      );
    }
    return record;
  };
  return {
    CreateBuild(request: { parent?: string; projectId?: string; build?: BuildConfig }) {
      const scope = scopeOf(context, request);
      return operationOf(createBuild({ ...scope, config: request.build ?? {}, builtIns: {} }));
    },
    GetBuild: (request: BuildReference): Build => find(request).build,
    ListBuilds(request: ListRequest) {
      const scope = scopeOf(context, request);
      const matches = buildFilter(type, request.filter ?? '');
      const records = store
        .list()
        .filter((record) => isWithin(record.request, scope) && matches(record.build));
      const page = pageOf(
        records,
        request,
        ({ sequence }) => String(sequence),
        ({ sequence }, last) => sequence < Number(last),
      );
      return {
        builds: page.items.map(({ build }) => build),
        ...(page.nextPageToken === undefined ? {} : { nextPageToken: page.nextPageToken }),
      };
    },
    async CancelBuild(request: BuildReference): Promise<Build> {
      const { build } = find(request);
      if (hasEnded(build.status)) {
        const message = `build ${build.id} has already ended with ${build.status}: there is nothing to cancel`;
        throw new ApiError('FAILED_PRECONDITION', message);
      }
      await queue.cancel(build.id);
      return store.get(build.id).build;
    },
    RetryBuild(request: BuildReference) {
      const { request: original } = find(request);
      // Without `cause`: this build is asked for anew, no push stands behind it.
      return operationOf(createBuild({ ...original, cause: undefined }));
    },
    ApproveBuild({ name, approvalResult = {} }: ApproveRequest) {
      const record = find(name === undefined ? {} : { name });
      const { id, approval } = record.build;
      if (approval?.state !== 'PENDING')
        throw new ApiError('FAILED_PRECONDITION', `build ${id} is not waiting for approval`);
      const { decision } = approvalResult;
      if (decision !== 'APPROVED' && decision !== 'REJECTED') {
        throw new ApiError('INVALID_ARGUMENT', 'approval_result.decision must be APPROVED or REJECTED');
      }
      const result = { ...approvalResult, approvalTime: timestamp(context.clock) };
      const decided: Approval = { ...approval, state: decision, result };
      if (decision === 'REJECTED')
        store.change(id, { status: 'CANCELLED', statusDetail: 'the build was rejected', approval: decided });
      else {
        store.change(id, { status: 'QUEUED', approval: decided });
        queue.enqueue(id);
      }
      return operationOf(store.get(id));
    },
  };
}
