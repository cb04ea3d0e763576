import { z } from 'zod';
import { ApiError } from './api-error.ts';
import {
  apiFaultSettingsSchema,
  createApiFaultPlanner,
  type ApiFaultPlanner,
  type ApiFaultSettings,
} from './api-faults.ts';
import type { Route } from './room.ts';

const path = '/local/faults';

export interface ApiFaults {
  readonly routes: readonly Route[];
  readonly plan: ApiFaultPlanner['plan'];
}

/**
 * Of the local cloud only: how requests to its APIs go wrong can be looked at and changed while it runs.
 *
 *     curl -X PUT 127.0.0.1:4600/local/faults -d '{"seed": 7, "rules": [
 *       {"match": {"method": "PATCH", "pathPrefix": "/v2/"}, "probability": 0.2, "fault": "error-after-effect"}]}'
 *     curl 127.0.0.1:4600/local/faults
 *     curl -X DELETE 127.0.0.1:4600/local/faults
 *
 * PUT begins the seed and the counts anew. Faults set this way end with the process.
 */
export function createApiFaults(): ApiFaults {
  let active: { readonly settings: ApiFaultSettings; readonly planner: ApiFaultPlanner } | undefined;
  const shown = (): object =>
    active ? { ...active.settings, counts: active.planner.counts.map((count) => ({ ...count })) } : {};
  return {
    plan: (method, asked) => active?.planner.plan(method, asked),
    routes: [
      { method: 'GET', path, handle: shown },
      {
        method: 'PUT',
        path,
        async handle(request) {
          const parsed = apiFaultSettingsSchema.safeParse(await request.json());
          if (!parsed.success)
            throw new ApiError('INVALID_ARGUMENT', `Invalid faults: ${z.prettifyError(parsed.error)}`, {
              cause: parsed.error,
            });
          active = { settings: parsed.data, planner: createApiFaultPlanner(parsed.data) };
          return shown();
        },
      },
      {
        method: 'DELETE',
        path,
        handle() {
          active = undefined;
          return {};
        },
      },
    ],
  };
}
