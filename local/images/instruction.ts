/** A command in one of its two forms: `["a", "b"]`, or a line for the shell. */
export type Command =
  | { readonly form: 'exec'; readonly words: readonly string[] }
  | { readonly form: 'shell'; readonly line: string };

/** `--mount=type=cache,…` of RUN. */
export interface CacheMount {
  readonly id: string;
  readonly target: string;
  readonly locked: boolean;
}

/** Values are as written: variables are substituted where they are evaluated. */
export type Instruction = { readonly line: number; readonly text: string } & (
  | { readonly kind: 'FROM'; readonly image: string; readonly name?: string; readonly platform?: string }
  | { readonly kind: 'ARG'; readonly args: readonly { name: string; value?: string }[] }
  | { readonly kind: 'ENV' | 'LABEL'; readonly pairs: readonly (readonly [string, string])[] }
  | { readonly kind: 'WORKDIR' | 'USER' | 'STOPSIGNAL'; readonly value: string }
  | { readonly kind: 'EXPOSE'; readonly ports: readonly string[] }
  | {
      readonly kind: 'COPY' | 'ADD';
      readonly sources: readonly string[];
      readonly destination: string;
      readonly from?: string;
      readonly chown?: string;
      readonly chmod?: string;
    }
  | { readonly kind: 'RUN'; readonly command: Command; readonly mounts: readonly CacheMount[] }
  | { readonly kind: 'CMD' | 'ENTRYPOINT'; readonly command: Command }
  | { readonly kind: 'SHELL'; readonly words: readonly string[] }
  | { readonly kind: 'HEALTHCHECK'; readonly check: string }
);

export type InstructionOf<K extends Instruction['kind']> = Extract<Instruction, { kind: K }>;
