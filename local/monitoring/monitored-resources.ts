import { ApiError } from '../core/api-error.ts';

interface ResourceType {
  readonly type: string;
  readonly displayName: string;
  readonly description: string;
  readonly labels: readonly string[];
  /** User-defined metrics may be written against it. */
  readonly userDefined: boolean;
}

/** https://cloud.google.com/monitoring/api/resources, those that are of use here. */
const resourceTypes: readonly ResourceType[] = [
  {
    type: 'cloud_run_revision',
    displayName: 'Cloud Run Revision',
    description: 'A revision of a Cloud Run service.',
    labels: ['project_id', 'location', 'service_name', 'configuration_name', 'revision_name'],
    userDefined: false,
  },
  {
    type: 'generic_node',
    displayName: 'Generic Node',
    description: 'A machine or another place of computing for which there is no type of its own.',
    labels: ['project_id', 'location', 'namespace', 'node_id'],
    userDefined: true,
  },
  {
    type: 'generic_task',
    displayName: 'Generic Task',
    description: 'A task of an application for which there is no type of its own.',
    labels: ['project_id', 'location', 'namespace', 'job', 'task_id'],
    userDefined: true,
  },
  {
    type: 'global',
    displayName: 'Global',
    description: 'What belongs to the project as a whole.',
    labels: ['project_id'],
    userDefined: true,
  },
];

export const resourceType = (type: string): ResourceType | undefined =>
  resourceTypes.find((known) => known.type === type);

/** Names of the types that user-defined metrics can be written against here. */
export const writableResourceTypes: readonly string[] = resourceTypes.flatMap(({ type, userDefined }) =>
  userDefined ? [type] : [],
);

function descriptor(project: string, { type, displayName, description, labels }: ResourceType): object {
  return {
    name: `projects/${project}/monitoredResourceDescriptors/${type}`,
    ...{ type, displayName, description },
    labels: labels.map((key) => ({ key })),
    launchStage: 'GA',
  };
}

interface ListRequest {
  name: string;
  filter?: string;
  pageToken?: string;
}

/** ListMonitoredResourceDescriptors and GetMonitoredResourceDescriptor, for the few types that are known here. */
export const monitoredResourceMethods = {
  ListMonitoredResourceDescriptors({ name, filter = '' }: ListRequest) {
    if (filter !== '')
      throw new ApiError('UNIMPLEMENTED', 'filter: not part of the local cloud, which knows four types');
    return { resourceDescriptors: resourceTypes.map((type) => descriptor(name.split('/')[1] ?? '', type)) };
  },
  GetMonitoredResourceDescriptor({ name }: { name: string }) {
    const [, project = '', , type = ''] = name.split('/');
    const found = resourceType(type);
    if (!found)
      throw new ApiError(
        'NOT_FOUND',
        `The local cloud has no monitored resource type '${type}'; it has ${resourceTypes.map((known) => known.type).join(', ')}`,
      );
    return descriptor(project, found);
  },
};
