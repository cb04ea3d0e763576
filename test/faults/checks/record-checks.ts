import { releaseOf, serviceOf } from '../../../functions/release/naming.ts';
import { terminalStages, type Release } from '../../../functions/release/release.ts';
import type { ServiceRecord } from '../../../functions/release/service-record.ts';
import type { Run } from '../world/run.ts';
import { parseRelease, parseService } from './records.ts';
import type { Violate } from './violation.ts';

/** What a function does is named after its subscription and its message; people and builds have other names. */
const isFunction = /^[A-Za-z]+</;

export interface RecordChecks {
  wrote(object: string, before: string | undefined, after: string | undefined, by: string): void;
  /** Since when the automation of a service stands still, in true time. */
  frozenSince(service: string): number | undefined;
}

/** Checked at each write of a record. */
export function createRecordChecks(
  run: () => Run,
  now: () => number,
  violate: Violate,
  spoken: (service: string) => void,
): RecordChecks {
  const frozen = new Map<string, number>();

  const checkRelease = (before: Release, after: Release): void => {
    const about = `${after.id} of ${after.service}`;
    if (terminalStages.has(before.stage) && JSON.stringify(before) !== JSON.stringify(after))
      violate(
        'terminal',
        after.service,
        `${about} was ${before.stage} and is written again as ${after.stage}`,
      );
    const percents = after.steps.map(({ percent }) => percent);
    if (percents.some((percent, index) => percent <= (percents[index - 1] ?? 0)))
      violate('steps', after.service, `${about} has the steps ${percents.join(', ')}`);
    if (before.stage === 'live' && after.stage === 'rolling-out')
      violate('steps', after.service, `${about} goes from live to rolling-out`);
  };

  const checkService = (before: ServiceRecord | undefined, after: ServiceRecord): void => {
    const { service, stable, previousGood, log } = after;
    for (const [what, serving] of Object.entries({ stable, previousGood }))
      if (serving && !run().revision(service, serving.revision))
        violate('wayBack', service, `${what} is ${serving.revision}, which does not exist`);
    if (stable && previousGood?.release === stable.release)
      violate('wayBack', service, `${stable.release} is its own way back`);
    const old = before?.stable;
    // Back only by a rollback, or because a person gave the traffic to an older one.
    const wantedBack = before?.rollbackRequest !== undefined || before?.frozen !== undefined;
    if (old && stable && stable.order < old.order && !wantedBack)
      violate('order', service, `${stable.release} is stable in place of ${old.release}, which is newer`);
    const outcomes = log.filter(
      ({ request, by, what }) =>
        request !== undefined && /^rolled back|refused/.test(`${what}${by ? '' : ''}`),
    );
    const keys = outcomes.map(({ request, by, why }) => `${request ?? ''} ${by} ${why}`);
    if (new Set(keys).size !== keys.length)
      violate('twice', service, `one request has several outcomes in the log: ${keys.join('; ')}`);
    const taken = after.quarantine.map(({ release }) => release);
    if (new Set(taken).size !== taken.length)
      violate('twice', service, `a release was taken back more than once: ${taken.join(', ')}`);
  };

  return {
    frozenSince: (service) => frozen.get(service),
    wrote(object, before, after, by) {
      if (after === undefined) return;
      if (releaseOf(object).length > 0) {
        if (before !== undefined) checkRelease(parseRelease(before), parseRelease(after));
        return;
      }
      const [service] = serviceOf(object);
      if (service === undefined) return;
      const [was, is] = [before === undefined ? undefined : parseService(before), parseService(after)];
      checkService(was, is);
      if (is.frozen && !was?.frozen) frozen.set(service, now());
      if (!is.frozen) frozen.delete(service);
      const released = was?.frozen && !is.frozen;
      if (released && isFunction.test(by))
        violate(
          'person',
          service,
          `${by} lets the service go on, which a person has frozen: ${was.frozen?.why ?? ''}`,
        );
      const request = is.rollbackRequest;
      if (released || (request && request.release === undefined && request.at !== was?.rollbackRequest?.at))
        spoken(service);
    },
  };
}
