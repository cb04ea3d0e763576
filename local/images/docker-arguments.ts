/** What `docker` here cannot do, or was asked wrongly: it ends with 125, as Docker's own does. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export interface BuildCommand {
  readonly command: 'build';
  readonly context: string;
  readonly file: string | undefined;
  readonly tags: readonly string[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  readonly idFile: string | undefined;
  readonly push: boolean;
  readonly quiet: boolean;
}

export type DockerCommand =
  | BuildCommand
  | {
      readonly command: 'push';
      readonly reference: string;
      readonly allTags: boolean;
      readonly quiet: boolean;
    }
  | { readonly command: 'pull'; readonly reference: string }
  | { readonly command: 'tag'; readonly source: string; readonly target: string }
  | {
      readonly command: 'inspect';
      readonly references: readonly string[];
      readonly format: string | undefined;
    }
  | { readonly command: 'images'; readonly quiet: boolean }
  | { readonly command: 'save'; readonly reference: string; readonly output: string }
  | { readonly command: 'login' | 'info' | 'version' | 'version-line' };

/** How a flag is written, and whether it takes a value. */
type Flags = Readonly<Record<string, { readonly name: string; readonly value: boolean }>>;

const value = (name: string) => ({ name, value: true });
const plain = (name: string) => ({ name, value: false });

const buildFlags: Flags = {
  '-t': value('tag'),
  '--tag': value('tag'),
  '-f': value('file'),
  '--file': value('file'),
  '--build-arg': value('build-arg'),
  '--target': value('target'),
  '--label': value('label'),
  '--cache-from': value('ignored'),
  '--cache-to': value('ignored'),
  '--platform': value('platform'),
  '--progress': value('ignored'),
  '--iidfile': value('iidfile'),
  '--pull': plain('ignored'),
  '--load': plain('ignored'),
  '--push': plain('push'),
  '-q': plain('quiet'),
  '--quiet': plain('quiet'),
};

const flagsOf = {
  build: buildFlags,
  push: { '-a': plain('all'), '--all-tags': plain('all'), '-q': plain('quiet'), '--quiet': plain('quiet') },
  pull: { '-q': plain('ignored'), '--quiet': plain('ignored') },
  tag: {},
  inspect: { '-f': value('format'), '--format': value('format'), '--type': value('type') },
  images: { '-q': plain('quiet'), '--quiet': plain('quiet') },
  save: { '-o': value('output'), '--output': value('output') },
  info: {},
  version: {},
  login: {
    '-u': value('ignored'),
    '--username': value('ignored'),
    '-p': value('ignored'),
    '--password': value('ignored'),
    '--password-stdin': plain('ignored'),
  },
} satisfies Record<string, Flags>;

interface Parsed {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
}

function parseFlags(command: string, known: Flags, args: readonly string[]): Parsed {
  const flags = new Map<string, string[]>();
  const words: string[] = [];
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const at = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const written = at < 0 ? arg : arg.slice(0, at);
    const flag = known[written];
    if (!flag) throw new UsageError(`docker ${command} ${written} is not supported by the local cloud`);
    let given = at < 0 ? 'true' : arg.slice(at + 1);
    if (flag.value && at < 0) {
      const next = left.shift();
      if (next === undefined) throw new UsageError(`docker ${command} ${written} needs a value`);
      given = next;
    }
    if (flag.value || given !== 'false') flags.set(flag.name, [...(flags.get(flag.name) ?? []), given]);
  }
  return { flags, words };
}

/** `KEY=value`; a build argument without a value takes the one of the environment, as in Docker. */
function pairs(
  texts: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    texts.flatMap((text): [string, string][] => {
      const at = text.indexOf('=');
      if (at > 0) return [[text.slice(0, at), text.slice(at + 1)]];
      const inherited = env[text];
      return inherited === undefined ? [] : [[text, inherited]];
    }),
  );
}

function exactly(command: string, words: readonly string[], names: readonly string[]): string[] {
  if (words.length !== names.length) {
    const usage = names.map((name) => `<${name}>`).join(' ');
    throw new UsageError(
      `docker ${command} needs ${usage === '' ? 'no argument' : usage}, not "${words.join(' ')}"`,
    );
  }
  return [...words];
}

function buildCommand(
  { flags, words }: Parsed,
  env: Readonly<Record<string, string | undefined>>,
): BuildCommand {
  const [context = ''] = exactly('build', words, ['context folder']);
  const file = flags.get('file')?.at(-1);
  if (context === '-' || /^[a-z]+:\/\//.test(context) || file === '-') {
    throw new UsageError(
      'docker build takes a folder and a Dockerfile in it: neither "-" nor a URL is supported',
    );
  }
  const platform = flags.get('platform')?.at(-1) ?? 'linux/amd64';
  if (platform !== 'linux/amd64')
    throw new UsageError(`docker build --platform=${platform}: only linux/amd64 is supported`);
  const push = flags.has('push');
  const tags = flags.get('tag') ?? [];
  if (push && tags.length === 0) throw new UsageError('docker build --push needs --tag');
  return {
    command: 'build',
    context,
    file,
    tags,
    buildArgs: pairs(flags.get('build-arg') ?? [], env),
    labels: pairs(flags.get('label') ?? [], {}),
    target: flags.get('target')?.at(-1),
    idFile: flags.get('iidfile')?.at(-1),
    push,
    quiet: flags.has('quiet'),
  };
}

/** Parses a command line behind `docker`. Throws UsageError that names what is not supported. */
export function parseDockerArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): DockerCommand {
  const [first = '', ...rest] = args;
  // `docker buildx build`, `docker image push`, … are longer names of the same.
  const grouped =
    (first === 'buildx' && rest[0] === 'build') ||
    (first === 'image' && ['build', 'push', 'pull', 'tag', 'inspect', 'ls', 'save'].includes(rest[0] ?? ''));
  const [name = '', ...behind] = grouped ? rest : args;
  const command = grouped && name === 'ls' ? 'images' : name;
  switch (command) {
    case '--version':
    case '-v':
      return { command: 'version-line' };
    case 'build':
      return buildCommand(parseFlags(command, flagsOf.build, behind), env);
    case 'push': {
      const { flags, words } = parseFlags(command, flagsOf.push, behind);
      const [reference = ''] = exactly(command, words, ['image']);
      return { command, reference, allTags: flags.has('all'), quiet: flags.has('quiet') };
    }
    case 'pull': {
      const [reference = ''] = exactly(command, parseFlags(command, flagsOf.pull, behind).words, ['image']);
      return { command, reference };
    }
    case 'tag': {
      const { words } = parseFlags(command, flagsOf.tag, behind);
      const [source = '', target = ''] = exactly(command, words, ['source', 'target']);
      return { command, source, target };
    }
    case 'inspect': {
      const { flags, words } = parseFlags(command, flagsOf.inspect, behind);
      if (words.length === 0) throw new UsageError('docker inspect needs <image>');
      if ((flags.get('type')?.at(-1) ?? 'image') !== 'image')
        throw new UsageError('docker inspect --type: only images can be inspected');
      return { command, references: words, format: flags.get('format')?.at(-1) };
    }
    case 'images': {
      const { flags, words } = parseFlags(command, flagsOf.images, behind);
      exactly(command, words, []);
      return { command, quiet: flags.has('quiet') };
    }
    case 'save': {
      const { flags, words } = parseFlags(command, flagsOf.save, behind);
      const [reference = ''] = exactly(command, words, ['image']);
      const output = flags.get('output')?.at(-1);
      if (output === undefined)
        throw new UsageError('docker save needs --output: to stdout is not supported');
      return { command, reference, output };
    }
    case 'info':
    case 'version':
      exactly(command, parseFlags(command, flagsOf[command], behind).words, []);
      return { command };
    case 'login':
      parseFlags(command, flagsOf.login, behind);
      return { command };
    default:
      throw new UsageError(
        `docker ${args.slice(0, 2).join(' ')} is not supported by the local cloud. ` +
          'Supported: build, buildx build, push, pull, tag, images, inspect, save, login, info, version',
      );
  }
}
