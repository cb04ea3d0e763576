import type { Refusal, RunDeployments } from '../../../scripts/builder/run-deployments.ts';
import { crashes, type Invocation } from './processes.ts';
import { etagOf, tagUrl, type Run, type WorldRevision } from './run.ts';

type Made = Pick<WorldRevision, 'labels' | 'annotations' | 'artifact'>;

/** Cloud Run as the deploy step of a build sees it; `made` is what the revision is, beyond its name and image. */
export function deployments(run: Run, invocation: Invocation, made: Made): RunDeployments {
  const cloudRun = run.cloudRun({
    ...invocation,
    call: (what, effect) => invocation.call(what, effect, crashes),
  });
  const refusal = (what: string): Refusal => Object.assign(new Error(`10 ABORTED: ${what}`), { code: 10 });
  // Its client asks again by itself: an error that is left would be the build's own end, and teach nothing.
  const writing = [...crashes, 'conflict-after'] as const;
  const addRevision = (
    service: string,
    { revision, containers }: { revision?: string | null; containers?: { image?: string | null }[] | null },
  ): void => {
    const name = revision ?? '';
    // Stating a template whose revision exists makes no other one.
    if (!run.revision(service, name))
      run.addRevision({ ...made, service, name, image: containers?.[0]?.image ?? '' });
  };
  return {
    service: (name) =>
      invocation.call(
        `service ${name}`,
        () => {
          const service = run.service(name);
          if (!service) return undefined;
          const tags = service.serving.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
          return {
            etag: etagOf(service),
            url: `https://${name}.run.example`,
            traffic: service.traffic,
            latestReady: service.latestReady,
            lastModifier: service.lastModifier,
            serving: service.serving,
            tagUrls: Object.fromEntries(tags.map((tag) => [tag, tagUrl(name, tag)])),
          };
        },
        crashes,
      ),
    revision: cloudRun.revision,
    create: (name, template, traffic) =>
      invocation.call(
        `create ${name}`,
        () => {
          if (run.service(name)) return refusal(`service ${name} exists`);
          addRevision(name, template);
          run.change(name, undefined, invocation, { traffic });
          return undefined;
        },
        writing,
        { conflict: refusal('its answer was lost') },
      ),
    update: (name, etag, { template, traffic }) =>
      invocation.call(
        `update ${name}`,
        () => {
          const service = run.service(name);
          if (!service || etagOf(service) !== etag) return refusal(`service ${name} was changed`);
          if (template) addRevision(name, template);
          run.change(name, etag, invocation, { traffic });
          return undefined;
        },
        writing,
        { conflict: refusal('its answer was lost') },
      ),
  };
}
