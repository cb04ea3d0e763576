/** One thing that a check has found wrong. */
export interface Finding {
  /** `secrets/github-token`: the check and its rule. */
  readonly rule: string;
  /** What the rule looks for, in a few words. */
  readonly title: string;
  /** What is wrong here and what to do. Never holds a secret. */
  readonly message: string;
  /** From the root of the checkout, with `/` between names. */
  readonly file: string;
  /** Both from 1. */
  readonly line?: number;
  readonly column?: number;
  /** Where more is said about it. */
  readonly url?: string;
  /** What an exception of the policy names it by: `{ rule, path }`, `{ id }`, `{ package }`. */
  readonly subject: Readonly<Record<string, string>>;
}

/** A finding that the policy lets pass. */
export interface AcceptedFinding extends Finding {
  readonly accepted: { readonly reason: string; readonly expires: string };
}

/** What a check has come to. */
export type CheckOutcome =
  | {
      readonly kind: 'passed' | 'failed';
      readonly findings: readonly Finding[];
      readonly accepted: readonly AcceptedFinding[];
      /** What is worth knowing and fails nothing. */
      readonly notes: readonly string[];
      /** How much was looked at: `71 files`. */
      readonly scope: string;
    }
  /** It could not look: neither good nor bad. */
  | { readonly kind: 'skipped'; readonly why: string };

/** What a check itself returns: the policy's exceptions are applied to it afterwards. */
export type Looked =
  | {
      readonly kind: 'looked';
      readonly findings: readonly Finding[];
      readonly notes: readonly string[];
      readonly scope: string;
    }
  | { readonly kind: 'skipped'; readonly why: string };

/** A check by the name under which `results` knows it, with how it went. */
export interface CheckedGate {
  readonly name: string;
  readonly seconds: number;
  readonly outcome: CheckOutcome;
}

/** `services/api/src/x.ts:12`. */
export const placeOf = ({ file, line }: Pick<Finding, 'file' | 'line'>): string =>
  line === undefined ? file : `${file}:${line}`;
