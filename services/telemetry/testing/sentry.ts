import type { Receiver } from './receiver.ts';

/** The parts of an event that tests look at. */
export interface ReceivedEvent {
  readonly release?: string;
  readonly environment?: string;
  readonly exception?: { readonly values: readonly { readonly type: string; readonly value: string }[] };
  readonly contexts?: { readonly trace?: { readonly trace_id?: string; readonly span_id?: string } };
  readonly request?: { readonly url?: string; readonly headers?: Readonly<Record<string, string>> };
  readonly user?: unknown;
}

export const dsnOf = ({ host }: Pick<Receiver, 'host'>): string => `http://public0key@${host}/42`;

/** The events in the envelopes that have come: https://develop.sentry.dev/sdk/data-model/envelopes/ */
export function eventsOf({ received }: Pick<Receiver, 'received'>): ReceivedEvent[] {
  return received
    .filter(({ path }) => path.startsWith('/api/42/envelope/'))
    .flatMap(({ body }) => {
      const [, ...lines] = body.toString().split('\n');
      return lines.flatMap((line, index): ReceivedEvent[] => {
        if (index % 2 === 1 || line === '' || JSON.parse(line).type !== 'event') return [];
        return [JSON.parse(lines[index + 1] ?? '{}')];
      });
    });
}
