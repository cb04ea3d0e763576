import type { Operation } from '../core/operations.ts';
import { serviceDefaults } from './cloud-function.ts';
import { parseFunctionName, stateOf, type FunctionRecord, type Verb } from './function-records.ts';

export const functionType = 'type.googleapis.com/google.cloud.functions.v2.Function';
export const emptyType = 'type.googleapis.com/google.protobuf.Empty';

/** `google.cloud.functions.v2.Function` as JSON. */
export function functionJson(record: FunctionRecord, projectNumber: string): Record<string, unknown> {
  const { name, settings, serving, failure } = record;
  const { project, location, functionId } = parseFunctionName(name);
  const uri = `http://127.0.0.1:${record.port}`;
  return {
    name,
    environment: 'GEN_2',
    ...settings,
    serviceConfig: {
      ...serviceDefaults,
      serviceAccountEmail: `${projectNumber}-compute@developer.gserviceaccount.com`,
      allTrafficOnLatestRevision: true,
      ...settings.serviceConfig,
      service: `projects/${project}/locations/${location}/services/${functionId}`,
      uri,
      ...(serving ? { revision: serving.revision } : {}),
    },
    state: stateOf(record),
    ...(failure === undefined
      ? {}
      : { stateMessages: [{ severity: 'ERROR', type: 'CloudRunServiceNotReady', message: failure }] }),
    createTime: record.createTime,
    updateTime: record.updateTime,
    url: uri,
  };
}

/** `google.cloud.functions.v2.OperationMetadata` as JSON. */
export const operationMetadata = (
  name: string,
  verb: Verb,
  createTime: string,
): NonNullable<Operation['metadata']> => ({
  '@type': 'type.googleapis.com/google.cloud.functions.v2.OperationMetadata',
  createTime,
  target: name,
  verb,
  apiVersion: 'v2',
  cancelRequested: false,
  operationType: `${verb.toUpperCase()}_FUNCTION`,
});
