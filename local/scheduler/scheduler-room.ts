import { randomUUID } from 'node:crypto';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import { applyFieldMask } from '../core/field-mask.ts';
import type { Publisher } from '../core/links.ts';
import { pageOf } from '../core/page.ts';
import { camelCase } from '../core/proto-json.ts';
import type { ApiRequest, Room } from '../core/room.ts';
import { parseCron } from './cron.ts';
import { readJobSettings, type Job, type JobSettings } from './job.ts';
import { wallClock } from './next-run.ts';
import { createRunner } from './runner.ts';

const mutable = [
  'description',
  'schedule',
  'timeZone',
  'pubsubTarget',
  'httpTarget',
  'retryConfig',
  'attemptDeadline',
] as const;

/** INVALID_ARGUMENT for a job that could never run; a time zone that is not set is UTC. */
function checkedSettings(given: JobSettings): JobSettings & Pick<Job, 'schedule' | 'timeZone'> {
  const { schedule, timeZone = 'Etc/UTC', pubsubTarget, httpTarget } = given;
  if (schedule === undefined) throw new ApiError('INVALID_ARGUMENT', 'The job has no schedule');
  parseCron(schedule);
  const zone = timeZone === '' ? 'Etc/UTC' : timeZone;
  wallClock(zone);
  if ((pubsubTarget === undefined) === (httpTarget === undefined))
    throw new ApiError('INVALID_ARGUMENT', 'A job has one target: pubsubTarget or httpTarget');
  return { ...given, schedule, timeZone: zone };
}

/** Cloud Scheduler v1: jobs on a cron schedule that publish a message or send a request. */
export function createSchedulerRoom(
  context: CloudContext,
  { publisher }: { publisher: Publisher },
): { room: Room } {
  const jobs = context.table<Job>('scheduler', 'jobs');
  const runner = createRunner(context, publisher, jobs);
  const find = ({ params }: ApiRequest): Job => {
    const job = jobs.get(params.name ?? '');
    if (!job) throw new ApiError('NOT_FOUND', `Job ${params.name ?? ''} was not found`);
    return job;
  };
  const save = (job: Job): Job => {
    jobs.set(job.name, job);
    return job;
  };
  const one = '/v1/{name=projects/*/locations/*/jobs/*}';
  const all = '/v1/{parent=projects/*/locations/*}/jobs';

  const create = async (request: ApiRequest): Promise<Job> => {
    const parent = request.params.parent ?? '';
    const { name = `${parent}/jobs/${randomUUID()}`, ...given } = readJobSettings(await request.json());
    const settings = checkedSettings(given);
    const id = name.startsWith(`${parent}/jobs/`) ? name.slice(parent.length + '/jobs/'.length) : '';
    if (!/^[\w-]{1,500}$/.test(id))
      throw new ApiError(
        'INVALID_ARGUMENT',
        `Job name '${name}' is not ${parent}/jobs/<letters, digits, - and _>`,
      );
    if (jobs.get(name)) throw new ApiError('ALREADY_EXISTS', `Job ${name} already exists`);
    return save(
      runner.plan({ ...settings, name, state: 'ENABLED', userUpdateTime: timestamp(context.clock) }),
    );
  };
  const update = async (request: ApiRequest): Promise<Job> => {
    const given = Object(await request.json()) as Partial<Job>;
    const job = find(request);
    const mask = request.query.get('updateMask') ?? undefined;
    const changed = applyFieldMask(job, given, mask, mutable);
    // A job has one target: a new one takes the place of the old.
    const fields = new Set(mask?.split(',').map((path) => camelCase(path.trim()).split('.')[0]));
    if (fields.has('httpTarget') && !fields.has('pubsubTarget')) delete changed.pubsubTarget;
    if (fields.has('pubsubTarget') && !fields.has('httpTarget')) delete changed.httpTarget;
    // The job is judged whole: gcloud sends bits of what it does not change, such as an empty target.
    const checked: Job = {
      ...changed,
      ...checkedSettings(readJobSettings(changed)),
      name: job.name,
      userUpdateTime: timestamp(context.clock),
    };
    return save(job.state === 'ENABLED' ? runner.plan(checked) : checked);
  };
  const turn = (request: ApiRequest, from: Job['state'], to: Job['state']): Job => {
    const job = find(request);
    if (job.state !== from)
      throw new ApiError('FAILED_PRECONDITION', `Job ${job.name} is ${job.state}, not ${from}`);
    if (to === 'ENABLED') return save(runner.plan({ ...job, state: to }));
    runner.cancel(job.name);
    const paused: Job = { ...job, state: to };
    delete paused.scheduleTime;
    return save(paused);
  };

  return {
    room: {
      name: 'scheduler',
      routes: [
        { method: 'POST', path: all, handle: create },
        {
          method: 'GET',
          path: all,
          handle({ params, query }) {
            const { page, ...next } = pageOf(
              jobs.values(`${params.parent ?? ''}/jobs/`),
              ({ name }) => name,
              {
                pageSize: Number(query.get('pageSize') ?? 0),
                pageToken: query.get('pageToken') ?? undefined,
              },
            );
            return { jobs: page, ...next };
          },
        },
        { method: 'GET', path: one, handle: find },
        { method: 'PATCH', path: one, handle: update },
        {
          method: 'DELETE',
          path: one,
          handle(request) {
            const { name } = find(request);
            runner.cancel(name);
            jobs.delete(name);
            return {};
          },
        },
        { method: 'POST', path: `${one}:pause`, handle: (request) => turn(request, 'ENABLED', 'PAUSED') },
        { method: 'POST', path: `${one}:resume`, handle: (request) => turn(request, 'PAUSED', 'ENABLED') },
        {
          method: 'POST',
          path: `${one}:run`,
          handle(request) {
            const job = find(request);
            runner.runNow(job);
            return jobs.get(job.name);
          },
        },
      ],
      start() {
        for (const job of jobs.values()) if (job.state === 'ENABLED') save(runner.plan(job));
      },
      stop() {
        runner.stop();
      },
    },
  };
}
