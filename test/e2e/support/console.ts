import { expectOk } from '../../../functions/platform/google-api.ts';
import type { Board } from './board.ts';

/** Whom Cloud Run knows a person as, who uses its API or its console beside the pipeline. */
export interface Outsider {
  readonly name: string;
  /** Gives the traffic of a service to revisions, as `gcloud run services update-traffic` does: the tags stay. */
  giveTraffic(service: string, shares: Readonly<Record<string, number>>): Promise<void>;
}

interface Target {
  readonly type?: string;
  readonly revision?: string;
  readonly percent?: number;
  readonly tag?: string;
}

/** Somebody with an identity token of their own. */
export async function outsider({ slipway: { session } }: Board): Promise<Outsider> {
  const { origin, pipeline } = session;
  const account = `${origin}/computeMetadata/v1/instance/service-accounts/default`;
  const metadata = async (path: string): Promise<string> => {
    const response = await fetch(`${account}/${path}`, { headers: { 'metadata-flavor': 'Google' } });
    return (await expectOk(response, `reading ${path}`)).text();
  };
  const [name, token] = await Promise.all([metadata('email'), metadata('identity?audience=anybody')]);
  return {
    name,
    async giveTraffic(service, shares) {
      const url = `${origin}/v2/projects/${pipeline.project}/locations/${pipeline.region}/services/${service}`;
      const read = await expectOk(await fetch(url), `reading ${service}`);
      const { traffic = [] } = (await read.json()) as { traffic?: Target[] };
      const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
      const wanted = [
        ...Object.entries(shares).map(([revision, percent]) => ({ type, revision, percent })),
        ...traffic.filter(({ tag }) => tag !== undefined).map((target) => ({ ...target, percent: 0 })),
      ];
      const changed = await fetch(`${url}?updateMask=traffic`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ traffic: wanted }),
      });
      await expectOk(changed, `changing the traffic of ${service}`);
    },
  };
}
