import { randomUUID } from 'node:crypto';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { LogWriter } from '../core/links.ts';
import type { Operation } from '../core/operations.ts';
import { pageOf } from '../core/page.ts';
import type { Methods } from '../core/proto-routes.ts';
import type { ApiRequest } from '../core/room.ts';
import { audited } from './audited.ts';
import { callerOf } from './caller.ts';
import { changeService, type ServiceDecision } from './change-service.ts';
import { checkEtag, withEtag } from './etag.ts';
import { isWhole, specOf, touchesTemplate, wantedSpec } from './field-mask.ts';
import { tagCount, withinTagLimit, type RunLimits } from './limits.ts';
import { locationOf, revisionName, shortName } from './names.ts';
import type { AuditMethod, ServiceRecord, Stores } from './records.ts';
import type { Service } from './resources.ts';
import type { ServiceController } from './service-controller.ts';
import { checkService, checkServiceId } from './service-rules.ts';
import { withDefaults } from './template-defaults.ts';
import { withoutDefaults } from './without-defaults.ts';

interface CreateRequest {
  parent: string;
  service?: Service;
  serviceId?: string;
  validateOnly?: boolean;
}
interface UpdateRequest {
  service?: Service;
  updateMask?: string;
  validateOnly?: boolean;
  allowMissing?: boolean;
}
interface DeleteRequest {
  name: string;
  validateOnly?: boolean;
  etag?: string;
}
interface ListRequest {
  parent: string;
  pageSize?: number;
  pageToken?: string;
}

export interface ServicesApiDeps {
  readonly context: CloudContext;
  readonly stores: Stores;
  readonly controller: ServiceController;
  readonly log: LogWriter;
  readonly random: () => number;
  readonly limits: RunLimits;
  readonly projectNumber: (project: string) => string;
  readonly logUri: (revision: string) => string;
}

const serviceType = 'type.googleapis.com/google.cloud.run.v2.Service';

/** What a request wants, before it is known what the service is now. */
interface Wish {
  readonly name: string;
  readonly body: Service;
  readonly mask: string | undefined;
  readonly method: AuditMethod;
  readonly caller: string;
  readonly validateOnly: boolean;
  /** Looks at what is there now; throws when the request cannot be about it. */
  readonly precondition: (current: ServiceRecord | undefined) => void;
}

/** `google.cloud.run.v2.Services`, policies apart. */
export function servicesApi(deps: ServicesApiDeps): Methods {
  const { context, stores, controller, log, random, limits, projectNumber, logUri } = deps;
  const { services, revisions } = stores;
  const { operations, identity } = context;

  const existing = (name: string): ServiceRecord => {
    const record = services.get(name);
    if (!record)
      throw new ApiError(
        'NOT_FOUND',
        `Resource '${shortName(name)}' of kind 'SERVICE' in region '${name.split('/')[3] ?? ''}' in project '${name.split('/')[1] ?? ''}' does not exist.`,
      );
    return record;
  };
  const caller = (request: ApiRequest): string => callerOf(request.headers, identity, context.projectId);

  /** No `await` between reading the record and storing the next one: of two requests with one etag, one loses. */
  const change = async (wish: Wish): Promise<Operation> => {
    const { name, mask, method, validateOnly } = wish;
    const body = withoutDefaults(wish.body);
    wish.precondition(services.get(name));
    checkServiceId(shortName(name));
    // An address is reserved for good, so not for a service that will be refused.
    const wanted = (current: ServiceRecord | undefined): ReturnType<typeof specOf> =>
      current ? wantedSpec(specOf(current.service), body, mask) : specOf(body);
    checkService(shortName(name), wanted(services.get(name)));
    const isNew = services.get(name) === undefined && !validateOnly;
    const uri = isNew ? await controller.address(name) : '';
    const current = services.get(name);
    wish.precondition(current);
    const asked = wanted(current);
    const others = services
      .values(`${locationOf(name)}/services/`)
      .filter(({ service }) => service.name !== name);
    const spec = {
      ...asked,
      ...(asked.traffic && {
        traffic: withinTagLimit(asked.traffic, tagCount(others), limits.tagsPerRegion),
      }),
    };
    checkService(shortName(name), spec);
    const operation = `${locationOf(name)}/operations/${randomUUID()}`;
    const decision: ServiceDecision = changeService(
      current,
      (revision) => revisions.get(revisionName(name, revision)),
      {
        name,
        spec: withDefaults(spec, projectNumber(name.split('/')[1] ?? '')),
        whole: isWhole(mask),
        touchesTemplate: touchesTemplate(mask),
        method,
        operation,
        caller: wish.caller,
        now: timestamp(context.clock),
        uid: randomUUID,
        random,
        uri,
        logUri,
      },
    );
    const service = withEtag(decision.record.service);
    const begun = operations.begin(locationOf(name), { '@type': serviceType, ...service }, operation);
    if (validateOnly) {
      operations.succeed(operation, { '@type': serviceType, ...service });
      return operations.get(operation);
    }
    controller.apply(decision);
    return begun;
  };

  return {
    CreateService(message: CreateRequest, request: ApiRequest) {
      const { parent, service: body, serviceId = '', validateOnly = false } = message;
      const name = `${parent}/services/${serviceId}`;
      const call = { name, method: 'Services.CreateService', caller: caller(request), request: message };
      return audited(log, call, () => {
        if (!body) throw new ApiError('INVALID_ARGUMENT', 'service: is required');
        return change({
          ...{ name, body, mask: undefined, validateOnly, caller: call.caller, method: 'CreateService' },
          precondition(current) {
            if (current) throw new ApiError('ALREADY_EXISTS', `Resource '${serviceId}' already exists.`);
          },
        });
      });
    },
    UpdateService(message: UpdateRequest, request: ApiRequest) {
      const { service: body, updateMask: mask, validateOnly = false, allowMissing = false } = message;
      const name = body?.name ?? '';
      const call = { name, method: 'Services.UpdateService', caller: caller(request), request: message };
      return audited(log, call, () => {
        if (!body) throw new ApiError('INVALID_ARGUMENT', 'service: is required');
        return change({
          ...{ name, body, mask, validateOnly, caller: call.caller, method: 'UpdateService' },
          precondition(current) {
            if (!current && !allowMissing) existing(name);
            if (!current) return;
            checkEtag(current.service, body.etag);
            if (current.service.deleteTime !== undefined)
              throw new ApiError('FAILED_PRECONDITION', `${name} is being deleted`);
          },
        });
      });
    },
    GetService: ({ name }: { name: string }) => withEtag(existing(name).service),
    ListServices({ parent, ...page }: ListRequest) {
      // `-` stands for every region.
      const [, project = '', , location = ''] = parent.split('/');
      const all = services
        .values(location === '-' ? `projects/${project}/locations/` : `${parent}/services/`)
        .map(({ service }) => withEtag(service));
      const { page: items, ...next } = pageOf(all, ({ name }) => name, page);
      return { services: items, ...next };
    },
    DeleteService(message: DeleteRequest, request: ApiRequest) {
      const { name, validateOnly = false, etag } = message;
      const call = { name, method: 'Services.DeleteService', caller: caller(request), request: message };
      return audited(log, call, () => {
        const { service } = existing(name);
        checkEtag(service, etag);
        if (service.deleteTime !== undefined)
          throw new ApiError('FAILED_PRECONDITION', `${name} is being deleted already`);
        const metadata = { '@type': serviceType, ...withEtag(service) };
        const begun = operations.begin(locationOf(name), metadata);
        if (validateOnly) operations.succeed(begun.name, metadata);
        else controller.remove(name, begun.name);
        return operations.get(begun.name);
      });
    },
  };
}
