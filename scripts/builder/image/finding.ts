/** One thing that is wrong with how an image is made. */
export interface Finding {
  /** `final-user`: what an allowance names. */
  readonly rule: string;
  /** From the root of the checkout, with `/` between names. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What is wrong and what to do. Never holds a secret. */
  readonly message: string;
}

/** What a check has come to. */
export type CheckOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly findings: readonly Finding[] }
  /** It could not judge: neither good nor bad. */
  | { readonly kind: 'skipped'; readonly why: string };

/** `services/api/Dockerfile:12`. */
export const placeOf = ({ file, line }: Finding): string => `${file}:${line}`;
