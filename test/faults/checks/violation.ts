/** What must hold, whatever happens; the names by which a report says what did not. */
export const invariants = {
  unverified:
    'untagged traffic goes only to what was found healthy, or let through by a person, and no more than its step',
  sum: 'percents add up to 100, each to a named revision',
  deploy: 'a deployment moves no traffic to its candidate',
  terminal: 'a terminal stage never changes',
  steps: 'a release gets more traffic only step by step',
  ends: 'every release ends, or says what it waits for',
  status: 'every status at GitHub ends, and says the truth',
  lost: 'every push has its release, every request its outcome',
  twice: 'nothing that shows is done twice',
  order: 'an older commit never overtakes a newer one',
  person: 'what a person did to the traffic is not rolled over',
  quarantine: 'what was taken back gets no traffic again',
  wayBack: 'the stable and the previous good revision exist',
  truth: 'what cannot answer a single probe never gets traffic',
  settles: 'what serves in the end is what the record says',
} as const;
export type Invariant = keyof typeof invariants;

export interface Violation {
  readonly invariant: Invariant;
  readonly service: string;
  /** What was the case, and what should have been. */
  readonly text: string;
  /** In true time. */
  readonly at: number;
}

/** Reports one. */
export type Violate = (invariant: Invariant, service: string, text: string) => void;
