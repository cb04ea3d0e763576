import protobuf from 'protobufjs';
import { loadDescriptors } from '../core/proto-routes.ts';

const { Enum, Field } = protobuf;

/** Field numbers that no message of the package uses: they never go over the wire, only JSON does. */
const firstOwnNumber = 10_000;

/**
 * The descriptors of Cloud Build, with the fields that its REST form has and the client package leaves out.
 * https://cloud.google.com/build/docs/api/reference/rest/v1/projects.locations.triggers
 */
export function cloudBuildDescriptors(): protobuf.Root {
  const root = loadDescriptors('@google-cloud/cloudbuild');
  const type = (name: string): protobuf.Type => root.lookupType(`google.devtools.cloudbuild.v1.${name}`);
  type('BuildTrigger')
    .add(
      new Enum('IncludeBuildLogs', { INCLUDE_BUILD_LOGS_UNSPECIFIED: 0, INCLUDE_BUILD_LOGS_WITH_STATUS: 1 }),
    )
    .add(new Field('includeBuildLogs', firstOwnNumber, 'IncludeBuildLogs'))
    .add(new Field('approvalConfig', firstOwnNumber + 1, 'ApprovalConfig'));
  type('BuildOptions').add(new Field('pubsubTopic', firstOwnNumber, 'string'));
  root.resolveAll();
  return root;
}

/** The full name of the service whose methods the room implements. */
export const cloudBuildService = 'google.devtools.cloudbuild.v1.CloudBuild';

export const buildTypeName = 'google.devtools.cloudbuild.v1.Build';
