import { logsPath, quoted, shortName } from './formats.ts';
import type { Tone } from './service-view.ts';

/** `google.cloud.functions.v2.Function` as JSON: what is shown of it. */
export interface FunctionJson {
  readonly name: string;
  readonly state?: string;
  readonly stateMessages?: readonly { readonly message?: string }[];
  readonly updateTime?: string;
}

export interface FunctionView {
  readonly name: string;
  readonly state: string;
  readonly tone: Tone;
  /** What Cloud Functions says about the state. */
  readonly reason: string | undefined;
  readonly logs: string;
}

const states: Readonly<Record<string, { state: string; tone: Tone }>> = {
  ACTIVE: { state: 'Active', tone: 'good' },
  FAILED: { state: 'Failed', tone: 'bad' },
  DEPLOYING: { state: 'Deploying', tone: 'busy' },
  DELETING: { state: 'Deleting', tone: 'busy' },
};

/** What the overview shows of a function. */
export function functionView({
  name,
  state: word = 'Unknown',
  stateMessages = [],
}: FunctionJson): FunctionView {
  const messages = stateMessages.flatMap(({ message }) => (message === undefined ? [] : [message]));
  return {
    name: shortName(name),
    ...(states[word] ?? { state: word, tone: 'calm' }),
    reason: messages.length === 0 ? undefined : messages.join('\n'),
    logs: logsPath(
      `resource.type="cloud_run_revision" resource.labels.service_name=${quoted(shortName(name))}`,
    ),
  };
}
