import { z } from 'zod';
import { ApiError } from '../core/api-error.ts';
import type { Route } from '../core/room.ts';
import { faultSettingsSchema, type Faults } from './fault-plan.ts';

const path = '/local/pubsub/faults';

/**
 * Of the local cloud only: how push deliveries go wrong can be looked at and changed while it runs.
 *
 *     curl -X PUT 127.0.0.1:4600/local/pubsub/faults -d '{"seed": 7, "duplicate": 0.3, "delayMs": [0, 2000], "reorder": 0.2, "drop": 0.05}'
 *     curl 127.0.0.1:4600/local/pubsub/faults
 *     curl -X DELETE 127.0.0.1:4600/local/pubsub/faults
 *
 * PUT begins the seed anew and applies to messages published from then on; what is left out does not happen. Faults
 * set this way end with the process.
 */
export function faultRoutes(broker: { faults: Faults | undefined }): Route[] {
  const shown = (): object => {
    if (!broker.faults) return {};
    const { seed, duplicate, delayMs, reorder, drop } = broker.faults;
    return { seed, duplicate, delayMs, reorder, drop };
  };
  return [
    { method: 'GET', path, handle: shown },
    {
      method: 'PUT',
      path,
      async handle(request) {
        const parsed = faultSettingsSchema.safeParse(await request.json());
        if (!parsed.success)
          throw new ApiError('INVALID_ARGUMENT', `Invalid faults: ${z.prettifyError(parsed.error)}`, {
            cause: parsed.error,
          });
        broker.faults = parsed.data;
        return shown();
      },
    },
    {
      method: 'DELETE',
      path,
      handle() {
        broker.faults = undefined;
        return {};
      },
    },
  ];
}
