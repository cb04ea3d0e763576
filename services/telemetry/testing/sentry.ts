import type { Receiver } from './receiver.ts';

/** The parts of an event that tests look at. */
export interface ReceivedEvent {
  readonly release?: string;
  readonly environment?: string;
  readonly exception?: {
    readonly values: readonly {
      readonly type: string;
      readonly value: string;
      readonly stacktrace?: { readonly frames: readonly ReceivedFrame[] };
    }[];
  };
  readonly contexts?: { readonly trace?: { readonly trace_id?: string; readonly span_id?: string } };
  readonly request?: { readonly url?: string; readonly headers?: Readonly<Record<string, string>> };
  readonly user?: unknown;
}

export interface ReceivedFrame {
  readonly filename?: string;
  readonly abs_path?: string;
  readonly function?: string;
  readonly in_app?: boolean;
  readonly pre_context?: readonly string[];
  readonly context_line?: string;
  readonly post_context?: readonly string[];
}

/** Where an error was thrown, of an event's first: Sentry has the innermost frame last. */
export const placeOf = (event: ReceivedEvent | undefined): ReceivedFrame | undefined =>
  event?.exception?.values[0]?.stacktrace?.frames.findLast(({ in_app: inApp }) => inApp);

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
