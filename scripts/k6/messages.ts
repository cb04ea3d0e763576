import type { MessagePort } from 'node:worker_threads';
import type { RequestOptions } from './options.ts';
import type { MetricDefinition, SampleGroup, Tags } from './sample.ts';

/** What a virtual user's thread is started with. */
export interface VuStart {
  /** 0: runs setup, teardown and handleSummary, and answers what the script is. */
  readonly vu: number;
  /** The bundled script, and where its source map says it comes from. */
  readonly code: string;
  readonly sourceMap: string;
  readonly env: Readonly<Record<string, string>>;
  /** To the thread that does all input and output. */
  readonly io: MessagePort;
  /** Two words: `signal`. */
  readonly signal: SharedArrayBuffer;
}

/** The words of the memory that a virtual user waits on. */
export const signal = { arrived: 0, interrupted: 1, words: 2 } as const;

/** One call of an exported function. */
export interface Call {
  readonly kind: 'call';
  readonly exec: string;
  readonly arguments: readonly unknown[];
  readonly scenario: string;
  readonly tags: Tags;
  readonly env: Readonly<Record<string, string>>;
  readonly iteration: number;
  readonly requests: RequestOptions;
  /** Whether it is an iteration, with metrics of its own. */
  readonly isIteration: boolean;
}

export interface ScriptError {
  /** With the stack, in places of the script's own files. */
  readonly text: string;
}

export type Outcome =
  | { readonly kind: 'completed'; readonly value?: unknown }
  | { readonly kind: 'failed'; readonly error: ScriptError }
  /** It asked for what this runner has not got. */
  | { readonly kind: 'refused'; readonly what: string }
  | { readonly kind: 'interrupted' };

export type FromVu =
  | {
      readonly kind: 'loaded';
      readonly exported: readonly string[];
      readonly options: unknown;
      readonly metrics: readonly MetricDefinition[];
    }
  | { readonly kind: 'load-failed'; readonly error: ScriptError }
  | { readonly kind: 'samples'; readonly groups: readonly SampleGroup[] }
  | { readonly kind: 'log'; readonly level: string; readonly text: string }
  | { readonly kind: 'done'; readonly outcome: Outcome };

export interface HttpRequest {
  readonly kind: 'http';
  readonly id: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly reuse: boolean;
  readonly rejectUnauthorized: boolean;
}

/** Times in milliseconds, each as k6 defines it; 0 for what did not take place. */
export interface Timings {
  readonly blocked: number;
  readonly connecting: number;
  readonly tls_handshaking: number;
  readonly sending: number;
  readonly waiting: number;
  readonly receiving: number;
  /** sending + waiting + receiving */
  readonly duration: number;
}

export interface NetworkFault {
  readonly message: string;
  /** Of Node: ECONNREFUSED, … */
  readonly code: string;
}

export interface HttpAnswer {
  readonly kind: 'http';
  readonly id: number;
  /** 0: there was no answer, and `fault` says why. */
  readonly status: number;
  readonly statusText: string;
  /** Name and value in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  readonly timings: Timings;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly fault: NetworkFault | undefined;
}

export type ToIo =
  | HttpRequest
  | {
      readonly kind: 'ws-open';
      readonly id: number;
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly rejectUnauthorized: boolean;
    }
  | { readonly kind: 'ws-send'; readonly id: number; readonly opcode: number; readonly payload: Uint8Array }
  | { readonly kind: 'ws-close'; readonly id: number; readonly code: number }
  /** Breaks off whatever this virtual user has under way. */
  | { readonly kind: 'cancel' };

export type WsEvent =
  | {
      readonly kind: 'ws-answer';
      readonly id: number;
      /** 101: it is open. 0: there was no answer, and `fault` says why. */
      readonly status: number;
      readonly rawHeaders: readonly string[];
      readonly body: string;
      readonly connectingMs: number;
      readonly fault: NetworkFault | undefined;
    }
  | { readonly kind: 'ws-frame'; readonly id: number; readonly opcode: number; readonly payload: Uint8Array }
  | {
      readonly kind: 'ws-closed';
      readonly id: number;
      readonly code: number;
      readonly bytesSent: number;
      readonly bytesReceived: number;
      readonly fault: NetworkFault | undefined;
    };

export type FromIo = HttpAnswer | WsEvent;
