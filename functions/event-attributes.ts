import type { CloudEvent } from '@google-cloud/functions-framework';
import type { Attributes } from 'slipway-telemetry/backend.ts';
import { parseTraceparent, type TraceContext } from 'slipway-telemetry/trace-context.ts';
import { z } from 'zod';
import { decodeJson, decodeMessage, originOf } from './platform/pubsub-event.ts';

/** The attribute in which functions hand on the trace that they work in. */
export const traceAttribute = 'traceparent';
/** Where Google's clients put it: https://cloud.google.com/pubsub/docs/open-telemetry-tracing */
const googleTraceAttribute = 'googclient_traceparent';

/** The place in a trace from which a message was sent. */
export function traceOfEvent(event: CloudEvent<unknown>): TraceContext | undefined {
  const message = decodeMessage(event);
  if (!message.ok) return undefined;
  const { attributes } = message.value;
  return parseTraceparent(attributes[googleTraceAttribute]) ?? parseTraceparent(attributes[traceAttribute]);
}

const text = z.string().optional().catch(undefined);
const group = <T extends z.ZodRawShape>(shape: T) => z.object(shape).optional().catch(undefined);

/** What messages to functions say of themselves, each of them some of it. */
const said = z.object({
  ...{ id: text, status: text, service: text, release: text, tick: text },
  substitutions: group({ _SERVICE: text }),
  resource: group({ labels: group({ service_name: text, revision_name: text }) }),
  incident: group({ incident_id: text }),
});

/** What a span says of the event that it is for. Reads what it can; never throws. */
export function aboutEvent(event: CloudEvent<unknown>): Attributes {
  const message = decodeMessage(event);
  const { topic } = originOf(event);
  const decoded = message.ok ? decodeJson(message.value, said) : message;
  return present({
    'messaging.system': 'gcp_pubsub',
    'messaging.destination.name': topic?.replace(/^.*\//, ''),
    'messaging.message.id': message.ok ? message.value.messageId : undefined,
    ...(decoded.ok ? aboutMessage(decoded.value) : { 'slipway.event': 'unknown' }),
  });
}

function aboutMessage(found: z.infer<typeof said>): Record<string, string | undefined> {
  const { id, status, service, release, tick, substitutions, resource, incident } = found;
  if (tick !== undefined) return { 'slipway.event': 'tick' };
  if (incident) return { 'slipway.event': 'alert', 'slipway.incident.id': incident.incident_id };
  if (resource?.labels)
    return {
      'slipway.event': 'revision',
      'slipway.service': resource.labels.service_name,
      'slipway.revision': resource.labels.revision_name,
    };
  if (release !== undefined)
    return { 'slipway.event': 'release', 'slipway.service': service, 'slipway.release': release };
  if (service !== undefined) return { 'slipway.event': 'service', 'slipway.service': service };
  if (id !== undefined)
    return {
      'slipway.event': 'build',
      'slipway.build.id': id,
      'slipway.build.status': status,
      'slipway.service': substitutions?._SERVICE,
    };
  return { 'slipway.event': 'unknown' };
}

const present = (attributes: Readonly<Record<string, string | undefined>>): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
