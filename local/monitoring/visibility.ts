import { z } from 'zod';
import { ApiError } from '../core/api-error.ts';
import type { Route } from '../core/room.ts';

/** Cloud Run's metrics are sampled each 60 s. https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run */
export const samplePeriodMs = 60_000;

/** After sampling, they are not visible for up to this long: the list of metrics says so of each of them. */
export const builtInVisibleAfterSeconds = 180;

/** User-defined points can be read 3 to 7 s after they were written. https://cloud.google.com/monitoring/api/v3/latency-n-retention */
export const userDefinedVisibleAfterSeconds = 3;

const settingsSchema = z.strictObject({
  builtInSeconds: z.number().min(0).optional(),
  userDefinedSeconds: z.number().min(0).optional(),
});

/** How long after it has come in a point can be read. */
export interface Visibility {
  readonly builtInSeconds: number;
  readonly userDefinedSeconds: number;
}

export const documentedVisibility: Visibility = {
  builtInSeconds: builtInVisibleAfterSeconds,
  userDefinedSeconds: userDefinedVisibleAfterSeconds,
};

const path = '/local/monitoring/visibility';

/**
 * Of the local cloud only: how late points show can be looked at and changed while it runs.
 *
 *     curl -X PUT 127.0.0.1:4600/local/monitoring/visibility -d '{"builtInSeconds": 0, "userDefinedSeconds": 0}'
 *     curl 127.0.0.1:4600/local/monitoring/visibility
 *     curl -X DELETE 127.0.0.1:4600/local/monitoring/visibility
 *
 * It holds for points that are there already, too. What is left out is as documented by Google. Ends with the process.
 */
export function visibilityRoutes(state: { visibility: Visibility }): Route[] {
  return [
    { method: 'GET', path, handle: () => state.visibility },
    {
      method: 'PUT',
      path,
      async handle(request) {
        const parsed = settingsSchema.safeParse(await request.json());
        if (!parsed.success)
          throw new ApiError('INVALID_ARGUMENT', `Invalid visibility: ${z.prettifyError(parsed.error)}`, {
            cause: parsed.error,
          });
        const { builtInSeconds, userDefinedSeconds } = parsed.data;
        state.visibility = {
          builtInSeconds: builtInSeconds ?? documentedVisibility.builtInSeconds,
          userDefinedSeconds: userDefinedSeconds ?? documentedVisibility.userDefinedSeconds,
        };
        return state.visibility;
      },
    },
    {
      method: 'DELETE',
      path,
      handle() {
        state.visibility = documentedVisibility;
        return state.visibility;
      },
    },
  ];
}
