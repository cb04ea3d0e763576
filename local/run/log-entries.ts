import type { LogEntry, LogWriter } from '../core/links.ts';
import { knativeRevision, knativeService } from './knative.ts';
import { parseName, shortName } from './names.ts';
import { readyMessage, revisionState, type RevisionRecord, type ServiceRecord } from './records.ts';

export type NewLogEntry = Parameters<LogWriter['write']>[0];

type LogId =
  | 'cloudaudit.googleapis.com/activity'
  | 'cloudaudit.googleapis.com/system_event'
  | 'run.googleapis.com/varlog/system'
  | 'run.googleapis.com/stdout'
  | 'run.googleapis.com/stderr'
  | 'run.googleapis.com/requests';

/** Log name and monitored resource of an entry about the service `name`; `revision` is a short name or empty. */
export function entryHead(
  name: string,
  revision: string,
  logId: LogId,
): Pick<LogEntry, 'logName' | 'resource'> {
  const { project, location, service } = parseName(name);
  return {
    logName: `projects/${project}/logs/${encodeURIComponent(logId)}`,
    resource: {
      type: 'cloud_run_revision',
      labels: {
        project_id: project,
        location,
        service_name: service,
        configuration_name: service,
        revision_name: revision,
      },
    },
  };
}

const auditLog = '@type';
const auditLogType = 'type.googleapis.com/google.cloud.audit.AuditLog';

function systemEvent(
  name: string,
  revision: string,
  failed: boolean,
  payload: { message: string; methodName: string; resourceName: string; response: object },
): NewLogEntry {
  const { message, ...rest } = payload;
  return {
    ...entryHead(name, revision, 'cloudaudit.googleapis.com/system_event'),
    severity: failed ? 'ERROR' : 'INFO',
    protoPayload: {
      [auditLog]: auditLogType,
      // 9 is FAILED_PRECONDITION.
      status: failed ? { code: 9, message } : { message },
      serviceName: 'run.googleapis.com',
      ...rest,
    },
  };
}

/** What Cloud Run writes when a revision has become ready or has failed. */
export function revisionReadiness(
  record: RevisionRecord,
  service: ServiceRecord,
  projectNumber: string,
): NewLogEntry {
  const { name } = record.revision;
  const short = shortName(name);
  const failed = revisionState(record) === 'failed';
  return systemEvent(name, short, failed, {
    message: `Ready condition status changed to ${failed ? 'False' : 'True'} for Revision ${short} with message: ${readyMessage(record)}`,
    methodName: `/Services.${record.method}`,
    resourceName: `namespaces/${parseName(name).project}/revisions/${short}`,
    response: knativeRevision(record, service.service, projectNumber),
  });
}

/** What Cloud Run writes when a service has settled, also for a change of traffic alone and when it is deleted. */
export function serviceReadiness(record: ServiceRecord, projectNumber: string): NewLogEntry {
  const { name, terminalCondition } = record.service;
  const short = shortName(name);
  const failed = terminalCondition?.state === 'CONDITION_FAILED';
  const message = terminalCondition?.message;
  return systemEvent(name, '', failed, {
    message: `Ready condition status changed to ${failed ? 'False' : 'True'} for Service ${short}${message === undefined ? '.' : ` with message: ${message}`}`,
    methodName: `/Services.${record.method}`,
    resourceName: `namespaces/${parseName(name).project}/services/${short}`,
    response: knativeService(record, projectNumber),
  });
}

/** An accepted or refused call of the Admin API that changes something. */
export function activity(call: {
  name: string;
  method: string;
  caller: string;
  request: unknown;
  status: { code: number; message: string } | undefined;
  response?: object;
}): NewLogEntry {
  const { project, service, revision } = parseName(call.name);
  const rpc = `google.cloud.run.v2.${call.method}`;
  return {
    ...entryHead(call.name, '', 'cloudaudit.googleapis.com/activity'),
    severity: call.status ? 'ERROR' : 'NOTICE',
    protoPayload: {
      [auditLog]: auditLogType,
      status: call.status ?? {},
      authenticationInfo: { principalEmail: call.caller },
      requestMetadata: { callerIp: '127.0.0.1' },
      serviceName: 'run.googleapis.com',
      methodName: rpc,
      resourceName:
        revision === ''
          ? `namespaces/${project}/services/${service}`
          : `namespaces/${project}/revisions/${revision}`,
      request: {
        '@type': `type.googleapis.com/google.cloud.run.v2.${call.method.split('.').at(-1) ?? ''}Request`,
        ...(call.request as object),
      },
      ...(call.response ? { response: call.response } : {}),
    },
  };
}

/** A line of Cloud Run itself about an instance. `name` is the full name of the revision. */
export function systemLine(
  name: string,
  instanceId: string,
  text: string,
  severity: LogEntry['severity'] = 'INFO',
): NewLogEntry {
  return {
    ...entryHead(name, shortName(name), 'run.googleapis.com/varlog/system'),
    severity,
    labels: { instanceId },
    textPayload: text,
  };
}
