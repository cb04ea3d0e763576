import { randomUUID } from 'node:crypto';
import type protobuf from 'protobufjs';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { BuildQueue } from './build-queue.ts';
import { buildRuleIssues, defaultQueueTtl, defaultTimeout } from './build-rules.ts';
import type { BuildRecord, BuildRequest, BuildStore } from './build-store.ts';
import type { Build, BuildConfig } from './build-types.ts';
import { spokenIssue } from './config-issue.ts';
import { buildTypeName } from './descriptors.ts';
import { substituteBuild } from './substitute-build.ts';
import { expandTemplate } from './substitution-template.ts';
import { unsupportedHere } from './unsupported.ts';

/** Makes builds out of requests. */
export type CreateBuild = (request: BuildRequest) => BuildRecord;

/** What a build runs as that names no account. */
const defaultServiceAccount =
  'projects/$PROJECT_ID/serviceAccounts/$PROJECT_NUMBER-compute@developer.gserviceaccount.com';

const emailOf = (serviceAccount: string): string => serviceAccount.split('/').at(-1) ?? '';

/** The fields of a Build that a request cannot set; a build that is sent back as it was read has them. */
function withoutOutputs(config: BuildConfig, descriptors: protobuf.Root): BuildConfig {
  const build = descriptors.lookupType(buildTypeName);
  const step = descriptors.lookupType(`${buildTypeName}Step`);
  const isInput = (type: protobuf.Type, name: string): boolean =>
    type.fields[name]?.options?.['(google.api.field_behavior)'] !== 'OUTPUT_ONLY';
  const inputs = (value: object, type: protobuf.Type): object =>
    Object.fromEntries(Object.entries(value).filter(([name]) => isInput(type, name)));
  return { ...inputs(config, build), steps: (config.steps ?? []).map((each) => inputs(each, step)) };
}

/** What breaks a rule of Cloud Build in a request, all of it. */
const ruleIssues = (config: BuildConfig): string[] => buildRuleIssues(config).map(spokenIssue);

/**
 * A request becomes a build: checked, substituted, stored, published and queued. A request that cannot be run is
 * refused (INVALID_ARGUMENT, or UNIMPLEMENTED for what only this machine has not got); a trigger's is recorded as a
 * failed build all the same.
 */
export function createBuildMaker(
  context: CloudContext,
  store: BuildStore,
  queue: BuildQueue,
  descriptors: protobuf.Root,
): CreateBuild {
  return (request) => {
    const { project, location, builtIns } = request;
    const id = randomUUID();
    const config = withoutOutputs(request.config, descriptors);
    const own: Readonly<Record<string, string>> = {
      ...builtIns,
      PROJECT_ID: project,
      PROJECT_NUMBER: context.projectNumber,
      LOCATION: location,
      BUILD_ID: id,
    };
    const account = config.serviceAccount ?? defaultServiceAccount;
    const serviceAccount = expandTemplate(account, { lookup: (key) => own[key], dynamic: false }).text;
    const { build, values, issues } = substituteBuild(config, {
      ...own,
      SERVICE_ACCOUNT: serviceAccount,
      SERVICE_ACCOUNT_EMAIL: emailOf(serviceAccount),
    });
    const invalid = request.refusals ?? [...ruleIssues(config), ...issues.map(spokenIssue)];
    const found = [...invalid, ...unsupportedHere(config)];
    const isTriggered = request.triggerId !== undefined;
    if (found.length > 0 && !isTriggered) {
      throw new ApiError(
        invalid.length > 0 ? 'INVALID_ARGUMENT' : 'UNIMPLEMENTED',
        `Invalid build: ${found.join('; ')}`,
      );
    }
    const gitSource = build.source?.gitSource;
    const substitutions = { ...builtIns, ...build.substitutions };
    const status = request.approvalRequired === true && found.length === 0 ? 'PENDING' : 'QUEUED';
    const made: Build = {
      timeout: defaultTimeout,
      queueTtl: defaultQueueTtl,
      ...build,
      ...(Object.keys(substitutions).length > 0 ? { substitutions } : {}),
      options: { logging: 'LEGACY', ...build.options },
      name: `projects/${context.projectNumber}/locations/${location}/builds/${id}`,
      id,
      projectId: project,
      status,
      createTime: timestamp(context.clock),
      logUrl: `${context.origin}/cloud-build/builds;region=${location}/${id}?project=${context.projectNumber}`,
      ...(request.triggerId === undefined ? {} : { buildTriggerId: request.triggerId }),
      ...(gitSource && isTriggered ? { sourceProvenance: { resolvedGitSource: gitSource } } : {}),
      ...(status === 'PENDING' ? { approval: { state: 'PENDING', config: { approvalRequired: true } } } : {}),
    };
    const record = store.create({ build: made, request, substitutions: values });
    if (found.length > 0) queue.refuse(id, found);
    else if (status === 'QUEUED') queue.enqueue(id);
    return store.get(record.build.id);
  };
}
