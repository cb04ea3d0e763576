import type { BlockingPort } from './blocking-port.ts';
import type { MetricDefinition, SampleGroup, Tags } from './sample.ts';
import type { RequestOptions } from './options.ts';

/** What a virtual user is doing now. */
export interface Running {
  /** Undefined in the init context: while the script is loaded. */
  readonly requests: RequestOptions | undefined;
  /** Of the test, the scenario and the groups around; `group` is `::outer::inner`. */
  readonly tags: Tags;
}

/** What the modules of k6 are made of here. */
export interface ModuleHost {
  readonly port: BlockingPort;
  readonly running: () => Running;
  /** Runs `inside` with more tags. */
  readonly within: <T>(tags: Tags, inside: () => T) => T;
  readonly record: (group: SampleGroup) => void;
  /** Sends what was recorded: before every wait, so that nothing is lost or late when an iteration is cut. */
  readonly flush: () => void;
  readonly defineMetric: (definition: MetricDefinition) => void;
  readonly nextId: () => number;
  /** Ends the test, even if the script catches this: it asks for what only k6 itself has. */
  readonly refuse: (what: string) => never;
  readonly warnOnce: (text: string) => void;
  /** Of the script's own realm, so that `instanceof Array` holds there. */
  readonly parseJson: (text: string) => unknown;
}

/** What only the functions of a script may do, not its init context. */
export function requestsOf(host: ModuleHost, what: string): RequestOptions {
  const { requests } = host.running();
  if (!requests) throw new Error(`${what} cannot be used in the init context`);
  return requests;
}

/** Refuses what a script asks for and this runner does not know, rather than leave it out. */
export function onlyKnown(host: ModuleHost, what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  if (unknown.length > 0) host.refuse(`${what} ${unknown.join(', ')}`);
}
