import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import { applyFieldMask } from '../core/field-mask.ts';
import type { Operation } from '../core/operations.ts';
import { pageOf } from '../core/page.ts';
import type { ApiRequest, Room, Route } from '../core/room.ts';
import { functionIdPattern, parseSettings, runnable, type FunctionSettings } from './cloud-function.ts';
import { createDeployer, type FunctionLinks } from './deployer.ts';
import {
  parseFunctionName,
  revisionName,
  type Deployment,
  type FunctionRecord,
  type Verb,
} from './function-records.ts';
import { emptyType, functionJson, functionType, operationMetadata } from './function-json.ts';
import { StartFailure } from './instance.ts';
import { createFunctionRuntime, type FunctionRuntime } from './runtime.ts';
import { createSources } from './unpack.ts';
import { createUploads } from './uploads.ts';

const mutable = ['description', 'labels', 'buildConfig', 'serviceConfig'] as const;

/** Cloud Functions (2nd gen): the API v2, and every function as a process of the real Functions Framework. */
export function createFunctionsRoom(context: CloudContext, links: FunctionLinks): { room: Room } {
  const table = context.table<FunctionRecord>('functions', 'functions');
  const sources = createSources(context.folder('functions', 'sources'));
  const uploads = createUploads(context);
  const deployer = createDeployer(context, links, sources, uploads);
  const runtimes = new Map<string, FunctionRuntime>();
  let stopped = false;

  const now = (): string => timestamp(context.clock);
  const find = (name: string): FunctionRecord => {
    const record = table.get(name);
    if (!record) throw new ApiError('NOT_FOUND', `Resource '${name}' was not found`);
    return record;
  };
  const save = (record: FunctionRecord): FunctionRecord => {
    table.set(record.name, record);
    return record;
  };

  const resource = (record: FunctionRecord): Record<string, unknown> =>
    functionJson(record, context.projectNumber);

  const runtimeOf = async ({ name, port }: FunctionRecord): Promise<FunctionRuntime> => {
    const known = runtimes.get(name);
    if (known) return known;
    const runtime = createFunctionRuntime(context, parseFunctionName(name).functionId, port);
    await runtime.listen();
    runtimes.set(name, runtime);
    return runtime;
  };

  /** The message that Google's own deployment gives, with what the process has said. */
  const failureOf = (error: unknown, revision: string): ApiError => {
    if (!(error instanceof StartFailure))
      return error instanceof ApiError ? error : new ApiError('INTERNAL', String(error), { cause: error });
    return new ApiError(
      'INVALID_ARGUMENT',
      `Revision '${revision}' is not ready and cannot serve traffic: ${error.message}`,
      { cause: error },
    );
  };

  /** The operation is closed before the record: killed in between, the next start does the work once more. */
  const close = (
    name: string,
    { operation }: FunctionRecord,
    outcome: Operation['response'] | ApiError,
  ): void => {
    if (!operation) return;
    const { verb, createTime } = operation;
    context.operations.update(operation.name, {
      ...operationMetadata(name, verb, createTime),
      endTime: now(),
    });
    if (outcome instanceof ApiError) context.operations.fail(operation.name, outcome);
    else context.operations.succeed(operation.name, outcome ?? { '@type': emptyType });
  };

  /** Brings up what was asked for. What cannot come up leaves the deployment before it serving. */
  const deploy = async (name: string): Promise<void> => {
    const begun = find(name);
    const { settings, revisions, serving, port, createTime } = begun;
    const { functionId } = parseFunctionName(name);
    const revision = revisionName(functionId, revisions + 1);
    const done: FunctionRecord = {
      name,
      port,
      createTime,
      settings,
      revisions: revisions + 1,
      updateTime: now(),
    };
    try {
      const whole = runnable(settings);
      const sourceId = deployer.fetch(whole.buildConfig.source.storageSource);
      const deployment: Deployment = { settings: whole, sourceId, revision };
      const runtime = await runtimeOf(done);
      await runtime.deploy(deployer.serving(done, deployment));
      const record = { ...done, serving: deployment };
      close(name, begun, { '@type': functionType, ...resource(record) });
      save(record);
    } catch (error) {
      // The next start takes it up again.
      if (stopped) return;
      const reason = failureOf(error, revision);
      context.log('warning', `function ${functionId}: ${reason.message}`);
      close(name, begun, reason);
      save({ ...done, ...(serving ? { serving } : {}), failure: reason.message });
    }
  };

  const remove = async (name: string): Promise<void> => {
    const begun = find(name);
    await runtimes.get(name)?.stop();
    if (stopped) return;
    runtimes.delete(name);
    context.ports.release(`functions/${name}`);
    close(name, begun, { '@type': emptyType });
    table.delete(name);
  };

  const carryOut = (name: string, verb: Verb): void => {
    (verb === 'delete' ? remove(name) : deploy(name)).catch((error: unknown) => {
      context.log('error', `${verb} of ${name}: ${String(error)}`);
    });
  };

  /** Notes an operation on the function, answers with it at once, and works it off behind that. */
  const begin = (record: FunctionRecord, verb: Verb): Operation => {
    if (table.get(record.name)?.operation) {
      throw new ApiError(
        'ABORTED',
        `unable to queue the operation: an operation on ${record.name} is already in progress`,
      );
    }
    const createTime = now();
    const { project, location } = parseFunctionName(record.name);
    const operation = context.operations.begin(
      `projects/${project}/locations/${location}`,
      operationMetadata(record.name, verb, createTime),
    );
    save({ ...record, operation: { name: operation.name, verb, createTime } });
    carryOut(record.name, verb);
    return operation;
  };

  const create = async ({ params, query, json }: ApiRequest): Promise<Operation> => {
    const functionId = query.get('functionId') ?? query.get('function_id') ?? '';
    if (!functionIdPattern.test(functionId)) {
      throw new ApiError(
        'INVALID_ARGUMENT',
        `functionId '${functionId}': 1 to 63 lower-case letters, digits and hyphens, starting with a letter, ending with no hyphen`,
      );
    }
    const settings = runnable(parseSettings(await json()));
    const name = `${params.parent ?? ''}/functions/${functionId}`;
    const exists = (): void => {
      if (table.get(name)) throw new ApiError('ALREADY_EXISTS', `Resource '${name}' already exists`);
    };
    exists();
    const port = await context.ports.reserve(`functions/${name}`);
    // Another request may have come first while the port was looked for.
    exists();
    const createTime = now();
    return begin({ name, port, createTime, updateTime: createTime, settings, revisions: 0 }, 'create');
  };

  const patch = async ({ params, query, json }: ApiRequest): Promise<Operation> => {
    const update = parseSettings(await json());
    const record = find(params.name ?? '');
    // Without a mask, everything that is given changes.
    const mask = query.get('updateMask') ?? query.get('update_mask') ?? Object.keys(update).join(',');
    const settings: FunctionSettings = applyFieldMask<FunctionSettings>(
      record.settings,
      update,
      mask,
      mutable,
    );
    return begin({ ...record, settings: runnable(settings) }, 'update');
  };

  const list = ({ params, query }: ApiRequest): Record<string, unknown> => {
    const parent = params.parent ?? '';
    if (query.get('filter') !== null || query.get('orderBy') !== null)
      throw new ApiError('UNIMPLEMENTED', 'filter and orderBy are not part of the local cloud');
    const all = parent.endsWith('/locations/-')
      ? table.values(parent.slice(0, -1))
      : table.values(`${parent}/functions/`);
    const { page, nextPageToken } = pageOf(all, ({ name }) => name, {
      pageSize: Number(query.get('pageSize') ?? 0),
      pageToken: query.get('pageToken') ?? undefined,
    });
    return { functions: page.map(resource), ...(nextPageToken === undefined ? {} : { nextPageToken }) };
  };

  const routes: Route[] = [
    { method: 'POST', path: '/v2/{parent=projects/*/locations/*}/functions', handle: create },
    { method: 'GET', path: '/v2/{parent=projects/*/locations/*}/functions', handle: list },
    {
      method: 'POST',
      path: '/v2/{parent=projects/*/locations/*}/functions:generateUploadUrl',
      handle: ({ params }) => uploads.generate((params.parent ?? '').split('/')[3] ?? ''),
    },
    {
      method: 'GET',
      path: '/v2/{name=projects/*/locations/*/functions/*}',
      handle: ({ params }) => resource(find(params.name ?? '')),
    },
    { method: 'PATCH', path: '/v2/{name=projects/*/locations/*/functions/*}', handle: patch },
    {
      method: 'DELETE',
      path: '/v2/{name=projects/*/locations/*/functions/*}',
      handle: ({ params }) => begin(find(params.name ?? ''), 'delete'),
    },
    ...uploads.routes,
  ];

  return {
    room: {
      name: 'functions',
      routes,
      /** Opens every address; the processes behind them start in the background. */
      async start() {
        uploads.removeOld();
        sources.keep(new Set(table.values().flatMap(({ serving }) => serving?.sourceId ?? [])));
        for (const record of table.values()) {
          try {
            const { serving } = record;
            if (serving) (await runtimeOf(record)).resume(deployer.serving(record, serving));
          } catch (error) {
            context.log('error', String(error));
          }
          if (record.operation) carryOut(record.name, record.operation.verb);
        }
      },
      async stop() {
        stopped = true;
        await Promise.all([...runtimes.values()].map((runtime) => runtime.stop()));
        deployer.stop();
      },
    },
  };
}
