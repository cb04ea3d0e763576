/** What a command would do, decided before anything is done. */
export type Intent<T = unknown> =
  /** It must not be done, and why, and what to do instead. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** What is wanted is the case already. */
  | { readonly kind: 'already'; readonly says: string }
  | (Proposal & T);

export interface Proposal {
  readonly kind: 'do';
  /** In sentences, what will happen. */
  readonly says: string;
  /** Why it is asked about once more; undefined: it can do no harm that cannot be undone at once. */
  readonly danger: string | undefined;
}

export const refused = (reason: string): { kind: 'refused'; reason: string } => ({ kind: 'refused', reason });
