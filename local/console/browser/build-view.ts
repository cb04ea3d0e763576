import { shortName } from './formats.ts';
import type { Tone } from './service-view.ts';

/** `google.devtools.cloudbuild.v1.Build` as JSON: what is shown of it. */
export interface BuildJson {
  readonly id: string;
  readonly status?: string;
  readonly statusDetail?: string;
  readonly createTime: string;
  readonly startTime?: string;
  readonly finishTime?: string;
  readonly logUrl?: string;
  readonly images?: readonly string[];
  readonly substitutions?: Readonly<Record<string, string>>;
  readonly failureInfo?: { readonly detail?: string };
}

export interface BuildView {
  readonly id: string;
  /** The trigger, or else what the build is of. */
  readonly title: string;
  readonly service: string | undefined;
  readonly state: string;
  readonly tone: Tone;
  /** Why it failed. */
  readonly detail: string | undefined;
  /** Branch or tag. */
  readonly ref: string | undefined;
  readonly commit: { readonly short: string; readonly path: string | undefined } | undefined;
  /** Undefined as long as it has not begun. */
  readonly durationMs: number | undefined;
  readonly ageMs: number;
  readonly logUrl: string | undefined;
}

const states: Readonly<Record<string, { state: string; tone: Tone }>> = {
  PENDING: { state: 'Waiting for approval', tone: 'calm' },
  QUEUED: { state: 'Queued', tone: 'calm' },
  WORKING: { state: 'Running', tone: 'busy' },
  SUCCESS: { state: 'Succeeded', tone: 'good' },
  FAILURE: { state: 'Failed', tone: 'bad' },
  INTERNAL_ERROR: { state: 'Internal error', tone: 'bad' },
  TIMEOUT: { state: 'Timed out', tone: 'bad' },
  CANCELLED: { state: 'Cancelled', tone: 'calm' },
  EXPIRED: { state: 'Expired in the queue', tone: 'bad' },
};

/** `host/project/repository/name:tag` or `…@digest` → `name`. */
const imageName = (image: string): string => shortName(image).replace(/[@:].*$/, '');

function commitOf({
  COMMIT_SHA: sha = '',
  REPO_FULL_NAME: repository = '',
}: Readonly<Record<string, string>>): BuildView['commit'] {
  if (sha === '') return undefined;
  const [owner, name, ...rest] = repository.split('/');
  const path =
    owner === undefined || owner === '' || name === undefined || name === '' || rest.length > 0
      ? undefined
      : `/${[owner, name, 'commit', sha].map(encodeURIComponent).join('/')}`;
  return { short: sha.slice(0, 7), path };
}

/** What the overview shows of a build at `nowMs`. */
export function buildView(build: BuildJson, nowMs: number): BuildView {
  const { id, status = 'STATUS_UNKNOWN', startTime, finishTime, createTime, substitutions = {} } = build;
  const { TRIGGER_NAME, _SERVICE: service, TAG_NAME, BRANCH_NAME } = substitutions;
  const { state, tone } = states[status] ?? { state: status, tone: 'calm' };
  const [image] = build.images ?? [];
  const endMs = finishTime === undefined ? nowMs : Date.parse(finishTime);
  return {
    id,
    title: TRIGGER_NAME ?? service ?? (image === undefined ? `Build ${id.slice(0, 8)}` : imageName(image)),
    service: TRIGGER_NAME === undefined ? undefined : service,
    state,
    tone,
    detail: tone === 'bad' ? (build.statusDetail ?? build.failureInfo?.detail) : undefined,
    ref: TAG_NAME ?? BRANCH_NAME,
    commit: commitOf(substitutions),
    durationMs: startTime === undefined ? undefined : endMs - Date.parse(startTime),
    ageMs: nowMs - Date.parse(createTime),
    logUrl: build.logUrl,
  };
}
