import type { CloudContext } from '../core/context.ts';
import type { Publisher } from '../core/links.ts';
import type { Job } from './job.ts';
import { durationMs } from './retry.ts';
import { sendHttp } from './send-http.ts';

type Status = NonNullable<Job['status']>;

/** google.rpc.Code for the HTTP statuses that have one of their own. */
const codeOf: Partial<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 10,
  429: 8,
  499: 1,
  501: 12,
  503: 14,
  504: 4,
};

/** One attempt at a job's target: empty when it went well, otherwise a google.rpc.Status. Never rejects. */
export async function attempt(
  context: Pick<CloudContext, 'clock' | 'identity'>,
  publisher: Publisher,
  job: Job,
  scheduleTime: string,
  signal: AbortSignal,
): Promise<Status> {
  const { pubsubTarget, httpTarget, attemptDeadline = '180s' } = job;
  if (pubsubTarget) {
    const { topicName, data = '', attributes = {} } = pubsubTarget;
    publisher.publish(topicName, { data: Buffer.from(data, 'base64'), attributes });
    return {};
  }
  if (!httpTarget) return { code: 9, message: 'the job has no target' };
  const { oidcToken, headers = {}, uri, body } = httpTarget;
  const late = new AbortController();
  const cancelDeadline = context.clock.after(durationMs(attemptDeadline), () => {
    late.abort();
  });
  const audience = oidcToken?.audience === undefined || oidcToken.audience === '' ? uri : oidcToken.audience;
  try {
    const status = await sendHttp(
      httpTarget,
      {
        ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        ...headers,
        'user-agent': 'Google-Cloud-Scheduler',
        'x-cloudscheduler': 'true',
        'x-cloudscheduler-jobname': job.name,
        'x-cloudscheduler-scheduletime': scheduleTime,
        ...(oidcToken
          ? { authorization: `Bearer ${context.identity.mint(audience, oidcToken.serviceAccountEmail)}` }
          : {}),
      },
      AbortSignal.any([late.signal, signal]),
    );
    if (status >= 200 && status < 300) return {};
    return { code: codeOf[status] ?? (status >= 500 ? 13 : 2), message: `HTTP status ${status} from ${uri}` };
  } catch (error) {
    if (late.signal.aborted) return { code: 4, message: `no answer from ${uri} within ${attemptDeadline}` };
    return { code: 14, message: `${uri}: ${(error as NodeJS.ErrnoException).code ?? String(error)}` };
  } finally {
    cancelDeadline();
  }
}
