import * as z from 'zod';
import { ApiError } from '../core/api-error.ts';

/** google.logging.v2.LogSink as far as the local cloud honours it; any other field is refused by name. */
const sinkInput = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/, 'must be 1 to 100 letters, digits, "_", "-" or "."'),
  destination: z.string().min(1, 'is required'),
  filter: z.string().max(20_000).optional(),
  description: z.string().max(8000).optional(),
  disabled: z.boolean().optional(),
  exclusions: z
    .array(
      z.strictObject({
        name: z.string(),
        filter: z.string(),
        description: z.string().optional(),
        disabled: z.boolean().optional(),
      }),
    )
    .max(50)
    .optional(),
  includeChildren: z.boolean().optional(),
  // Set by the service; a client that sends back what it has read sends them too.
  outputVersionFormat: z.string().optional(),
  writerIdentity: z.string().optional(),
  createTime: z.string().optional(),
  updateTime: z.string().optional(),
});

export type LogSink = z.infer<typeof sinkInput>;

const pubsubDestination = /^pubsub\.googleapis\.com\/projects\/[^/]+\/topics\/[^/]+$/;

/** A sink out of a request's body. Throws INVALID_ARGUMENT or UNIMPLEMENTED that names the field. */
export function parseLogSink(input: unknown): LogSink {
  const parsed = sinkInput.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `sink${path.length > 0 ? '.' : ''}${path.join('.')}: ${message}`,
    );
    throw new ApiError('INVALID_ARGUMENT', problems.join('; '));
  }
  const { destination } = parsed.data;
  if (!pubsubDestination.test(destination)) {
    const other = /^(storage|bigquery|logging)\.googleapis\.com\//.test(destination);
    throw new ApiError(
      other ? 'UNIMPLEMENTED' : 'INVALID_ARGUMENT',
      `The sink destination ${destination} is not supported; the local cloud exports to ` +
        'pubsub.googleapis.com/projects/<project>/topics/<topic> only',
    );
  }
  return parsed.data;
}
