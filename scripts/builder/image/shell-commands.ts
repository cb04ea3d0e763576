import { execWords } from './docker-stages.ts';

/** The simple commands of a RUN, each as its words: enough of a shell to see what `npm` is asked to do. */
export function shellCommands(rest: string): (readonly string[])[] {
  const words = execWords(rest);
  if (words) return [words];
  return rest
    .split(/&&|\|\||[;\n|&]/)
    .map((command) => command.trim().split(/\s+/).filter(Boolean))
    .filter((command) => command.length > 0);
}

/** A call of npm. */
export interface NpmCall {
  readonly verb: 'ci' | 'install' | 'prune';
  readonly words: readonly string[];
}

const verbs: Readonly<Record<string, NpmCall['verb'] | 'other'>> = {
  ...{ ci: 'ci', 'clean-install': 'ci', prune: 'prune' },
  ...{ install: 'install', i: 'install', add: 'install' },
  ...{ run: 'other', exec: 'other', test: 'other', config: 'other', cache: 'other', pack: 'other' },
};

/** What a command asks npm for; undefined when it is another command. */
export function npmCall(words: readonly string[]): NpmCall | undefined {
  const at = words.findIndex((word) => word === 'npm' || word.endsWith('/npm'));
  if (at < 0) return undefined;
  const verb = words.slice(at + 1).flatMap((word) => (Object.hasOwn(verbs, word) ? [verbs[word]] : []))[0];
  return verb === undefined || verb === 'other' ? undefined : { verb, words };
}

/** Whether the call leaves development dependencies out. */
export const omitsDev = ({ words }: NpmCall): boolean => {
  const text = words.join(' ');
  return /--omit[= ]dev\b|--production\b|--only[= ]prod(uction)?\b|(^| )NODE_ENV=production\b/.test(text);
};
