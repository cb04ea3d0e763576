/** Where in a config something stands: `['steps', 0, 'waitFor', 1]`. */
export type ConfigPath = readonly (string | number)[];

/** One thing wrong with a build config, in words that name the rule. */
export interface ConfigIssue {
  readonly path: ConfigPath;
  readonly message: string;
}

/** `steps[0].waitFor[1]`. */
export function spokenPath(path: ConfigPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/** `steps[0].env: …`, or the message alone when it is about the whole. */
export const spokenIssue = ({ path, message }: ConfigIssue): string =>
  path.length === 0 ? message : `${spokenPath(path)}: ${message}`;
