import type { CacheMount, Command, Instruction } from './instruction.ts';

const known =
  'FROM, ARG, ENV, LABEL, WORKDIR, COPY, ADD, RUN, USER, EXPOSE, CMD, ENTRYPOINT, STOPSIGNAL, HEALTHCHECK, SHELL';

export type Fail = (message: string) => never;

/** One instruction on its way to be parsed. */
export interface Raw {
  readonly line: number;
  readonly text: string;
  readonly kind: string;
  readonly rest: string;
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly fail: Fail;
}

export function splitFlags(rest: string): { flags: Map<string, string[]>; rest: string } {
  const flags = new Map<string, string[]>();
  let left = rest;
  for (;;) {
    const found = /^--([a-z][a-z-]*)(?:=(\S*))?(?:\s+|$)/.exec(left);
    if (!found) break;
    const [all, name = '', value] = found;
    flags.set(name, [...(flags.get(name) ?? []), value ?? '']);
    left = left.slice(all.length);
  }
  return { flags, rest: left };
}

function allowFlags({ kind, flags, fail }: Raw, allowed: readonly string[]): void {
  for (const [name, values] of flags) {
    if (!allowed.includes(name)) fail(`${kind} --${name} is not supported here`);
    if (name !== 'link' && values.includes('')) fail(`${kind} --${name} needs a value: --${name}=…`);
  }
}

/** A JSON array of strings, or undefined: then it is a line for the shell, as Docker takes it. */
function execForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function commandOf({ kind, rest, fail }: Raw): Command {
  if (rest === '') fail(`${kind} needs a command`);
  const words = execForm(rest);
  if (words?.length === 0 && kind === 'RUN') fail('RUN needs a command');
  return words ? { form: 'exec', words } : { form: 'shell', line: rest };
}

/** Words parted by blanks; quotes and escapes hold a word together and stay in it until variables are substituted. */
export function splitWords(text: string, escape: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === escape && quote !== "'" && index + 1 < text.length) {
      index += 1;
      word += char + text.charAt(index);
    } else if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      word += char;
    }
  }
  if (word !== '') words.push(word);
  return words;
}

function pairsOf({ kind, rest, fail }: Raw, escape: string): (readonly [string, string])[] {
  if (rest === '') fail(`${kind} needs key=value`);
  const words = splitWords(rest, escape);
  if (!(words[0] ?? '').includes('=')) {
    // The old form: one key, and everything behind the blank is its value.
    const old = /^(\S+)\s+(.*)$/s.exec(rest);
    if (!old) return fail(`${kind} needs key=value, not "${rest}"`);
    return [[old[1] ?? '', old[2] ?? '']];
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at < 1) return fail(`${kind} needs key=value, not "${word}"`);
    return [word.slice(0, at), word.slice(at + 1)] as const;
  });
}

function cacheMount(text: string, fail: Fail): CacheMount {
  const options = new Map(
    text.split(',').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, 'true'] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  const type = options.get('type') ?? 'bind';
  if (type !== 'cache') {
    fail(`RUN --mount=type=${type} cannot be honoured without a container engine; only type=cache can`);
  }
  const target = options.get('target') ?? options.get('dst') ?? options.get('destination') ?? '';
  if (!target.startsWith('/')) fail(`RUN --mount=type=cache needs target=<absolute path>`);
  const sharing = options.get('sharing') ?? 'shared';
  if (sharing !== 'shared' && sharing !== 'locked')
    fail(`RUN --mount=type=cache,sharing=${sharing} is not supported`);
  for (const key of options.keys()) {
    if (!['type', 'id', 'target', 'dst', 'destination', 'sharing'].includes(key))
      fail(`RUN --mount=type=cache,${key}=… is not supported`);
  }
  return { id: options.get('id') ?? target, target, locked: sharing === 'locked' };
}

/** A flag that may be given once; undefined stays out of the object. */
function optional<K extends string>(raw: Raw, name: K): Partial<Record<K, string>> {
  const values = raw.flags.get(name) ?? [];
  if (values.length > 1) raw.fail(`${raw.kind} --${name} is given twice`);
  return values[0] === undefined ? {} : ({ [name]: values[0] } as Record<K, string>);
}

function copyOf(raw: Raw, kind: 'COPY' | 'ADD'): Instruction {
  allowFlags(raw, kind === 'COPY' ? ['from', 'chown', 'chmod', 'link'] : ['chown', 'chmod', 'link']);
  const words = execForm(raw.rest) ?? raw.rest.split(/\s+/).filter((word) => word !== '');
  const destination = words.at(-1) ?? '';
  const sources = words.slice(0, -1);
  if (sources.length === 0) raw.fail(`${kind} needs at least one source and a destination`);
  const { from } = optional(raw, 'from');
  if (from?.includes('$')) {
    raw.fail(
      `${kind} --from=${from}: variables are not substituted there, in Docker neither; name a stage with FROM`,
    );
  }
  return {
    line: raw.line,
    text: raw.text,
    kind,
    sources,
    destination,
    ...(from === undefined ? {} : { from }),
    ...optional(raw, 'chown'),
    ...optional(raw, 'chmod'),
  };
}

function fromOf(raw: Raw): Instruction {
  allowFlags(raw, ['platform']);
  const found = /^(\S+)(?:\s+as\s+(\S+))?$/i.exec(raw.rest);
  if (!found) return raw.fail('FROM needs "<image>" or "<image> AS <stage>"');
  const name = found[2]?.toLowerCase();
  if (name !== undefined && !/^[a-z][a-z0-9_.-]*$/.test(name)) raw.fail(`"${name}" is no name for a stage`);
  return {
    line: raw.line,
    text: raw.text,
    kind: 'FROM',
    image: found[1] ?? '',
    ...(name === undefined ? {} : { name }),
    ...optional(raw, 'platform'),
  };
}

/** One instruction out of its parts; `fail` for what is not supported. */
export function parseInstruction(raw: Raw, escape: string): Instruction {
  const { line, text, rest, fail } = raw;
  const at = { line, text };
  const heredoc = /(?:^|\s)\d*<<-?(["']?)[A-Za-z_]\w*\1(?=\s|$|[;&|>)])/.exec(rest);
  if (heredoc && ['RUN', 'COPY', 'ADD'].includes(raw.kind)) {
    fail(
      `${raw.kind} with a here-document (${heredoc[0].trim()}) is not supported: use a file or && between commands`,
    );
  }
  switch (raw.kind) {
    case 'FROM':
      return fromOf(raw);
    case 'ARG': {
      allowFlags(raw, []);
      const args = splitWords(rest, escape).map((word) => {
        const found = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(word);
        if (!found) return fail(`ARG needs NAME or NAME=default, not "${word}"`);
        return { name: found[1] ?? '', ...(found[2] === undefined ? {} : { value: found[2] }) };
      });
      if (args.length === 0) fail('ARG needs NAME or NAME=default');
      return { ...at, kind: 'ARG', args };
    }
    case 'ENV':
    case 'LABEL':
      return { ...at, kind: raw.kind, pairs: pairsOf(raw, escape) };
    case 'WORKDIR':
    case 'USER':
    case 'STOPSIGNAL':
      allowFlags(raw, []);
      if (rest === '') fail(`${raw.kind} needs a value`);
      return { ...at, kind: raw.kind, value: rest };
    case 'EXPOSE':
      if (rest === '') fail('EXPOSE needs a port');
      return { ...at, kind: 'EXPOSE', ports: rest.split(/\s+/) };
    case 'COPY':
    case 'ADD':
      return copyOf(raw, raw.kind);
    case 'RUN':
      allowFlags(raw, ['mount']);
      return {
        ...at,
        kind: 'RUN',
        command: commandOf(raw),
        mounts: (raw.flags.get('mount') ?? []).map((mount) => cacheMount(mount, fail)),
      };
    case 'CMD':
    case 'ENTRYPOINT':
      return { ...at, kind: raw.kind, command: commandOf(raw) };
    case 'SHELL': {
      const words = execForm(rest);
      if (!words || words.length === 0) return fail('SHELL needs a JSON array: SHELL ["/bin/sh", "-c"]');
      return { ...at, kind: 'SHELL', words };
    }
    case 'HEALTHCHECK':
      if (!/(^|\s)(NONE$|CMD\s+\S)/i.test(text)) fail('HEALTHCHECK needs CMD or NONE');
      return { ...at, kind: 'HEALTHCHECK', check: text.replace(/^\S+\s+/, '') };
    default:
      return fail(`${raw.kind} is not supported here. Supported: ${known}`);
  }
}
