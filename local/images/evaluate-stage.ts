import path from 'node:path';
import type { Stage } from './dockerfile.ts';
import type { CacheMount, Command, Instruction, InstructionOf } from './instruction.ts';
import { DockerfileError } from './dockerfile-lines.ts';
import type { BuildConfig } from './image-config.ts';
import { substitute, type Lookup } from './substitute.ts';

/** What a step does to the stage's folder. */
export type Action =
  | { readonly kind: 'workdir'; readonly path: string }
  | {
      readonly kind: 'copy';
      readonly sources: readonly string[];
      /** Absolute inside; a trailing slash means a folder. */
      readonly destination: string;
      readonly from?: string;
      readonly mode?: number;
      /** ADD would unpack an archive. */
      readonly add: boolean;
    }
  | {
      readonly kind: 'run';
      readonly words: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
      readonly home: string;
      readonly mounts: readonly CacheMount[];
      readonly hasShell: boolean;
    };

export interface Step {
  readonly line: number;
  /** The instruction as written, on one line. */
  readonly text: string;
  /** Undefined when it only changes the config. */
  readonly action?: Action;
}

export interface EvaluatedStage {
  readonly steps: readonly Step[];
  readonly config: BuildConfig;
  /** Build arguments that the stage declares. */
  readonly declared: readonly string[];
  readonly notes: readonly string[];
}

export interface StageScope {
  readonly file: string;
  readonly escape: string;
  readonly base: BuildConfig;
  /** Values of the ARGs before the first FROM. */
  readonly globals: Readonly<Record<string, string | undefined>>;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Set without being declared before FROM: https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
export const platformArgs: Readonly<Record<string, string>> = {
  TARGETPLATFORM: 'linux/amd64',
  TARGETOS: 'linux',
  TARGETARCH: 'amd64',
  BUILDPLATFORM: 'linux/amd64',
  BUILDOS: 'linux',
  BUILDARCH: 'amd64',
};

/** The values of the ARGs before the first FROM. */
export function globalArgs(
  globals: readonly InstructionOf<'ARG'>[],
  buildArgs: Readonly<Record<string, string>>,
  substituteAt: (line: number, word: string, lookup: Lookup) => string,
): Record<string, string | undefined> {
  const values: Record<string, string | undefined> = { ...platformArgs };
  for (const { line, args } of globals) {
    for (const { name, value } of args) {
      values[name] =
        buildArgs[name] ??
        (value === undefined ? values[name] : substituteAt(line, value, (key) => values[key]));
    }
  }
  return values;
}

const shellWords = (shell: readonly string[], command: Command): readonly string[] =>
  command.form === 'exec' ? command.words : [...shell, command.line];

const homeOf = (user: string): string => {
  const name = user.split(':')[0] ?? '';
  if (name === '' || name === 'root' || name === '0') return '/root';
  return name === '65532' ? '/home/nonroot' : `/home/${name}`;
};

/** Evaluates a stage without touching anything: its steps with every variable substituted, and its config at the end. */
export function evaluateStage(stage: Stage, scope: StageScope): EvaluatedStage {
  const { file, escape, base } = scope;
  let config = base;
  let cmdIsSet = false;
  const args: Record<string, string> = {};
  const declared: string[] = [];
  const notes: string[] = [];
  const lookup: Lookup = (name) => config.env[name] ?? args[name];
  const fail = (line: number, message: string, cause?: unknown): never => {
    throw new DockerfileError(file, line, message, { cause });
  };
  const put = (line: number, word: string): string => {
    try {
      return substitute(word, lookup, escape);
    } catch (cause) {
      return fail(line, (cause as Error).message, cause);
    }
  };
  const inside = (relative: string): string =>
    path.posix.resolve('/', config.workingDir === '' ? '/' : config.workingDir, relative);

  const copy = (instruction: InstructionOf<'COPY' | 'ADD'>): Action => {
    const { line, kind } = instruction;
    const destination = put(line, instruction.destination);
    const sources = instruction.sources.map((source) => put(line, source));
    const isFolder = /(^|\/)\.{0,2}$/.test(destination);
    if (sources.length > 1 && !isFolder) {
      fail(
        line,
        `${kind} with more than one source needs a destination that ends with /, not "${destination}"`,
      );
    }
    const url = sources.find((source) => /^(https?|git|ssh):\/\/|^git@/.test(source));
    if (kind === 'ADD' && url !== undefined)
      fail(line, `ADD of a URL (${url}) is not supported: RUN curl it, or COPY it`);
    const chmod = instruction.chmod === undefined ? undefined : put(line, instruction.chmod);
    if (chmod !== undefined && !/^0?[0-7]{3,4}$/.test(chmod)) {
      fail(line, `${kind} --chmod=${chmod} is not supported: give an octal mode such as 755`);
    }
    if (instruction.chown !== undefined)
      notes.push('--chown is not honoured: files belong to who runs the build');
    const place = inside(destination);
    return {
      kind: 'copy',
      sources,
      destination: isFolder && place !== '/' ? `${place}/` : place,
      add: kind === 'ADD',
      ...(instruction.from === undefined ? {} : { from: instruction.from }),
      ...(chmod === undefined ? {} : { mode: Number.parseInt(chmod, 8) }),
    };
  };

  const configured = (line: number, command: Command, kind: string): readonly string[] => {
    if (command.form === 'shell' && !config.tools.includes('shell')) {
      fail(
        line,
        `${kind} in its shell form, but the image has no shell: write ${kind} ["executable", "argument"]`,
      );
    }
    return shellWords(config.shell, command);
  };

  const apply = (instruction: Instruction): Action | undefined => {
    const { line } = instruction;
    switch (instruction.kind) {
      case 'FROM':
        return undefined;
      case 'ARG':
        for (const { name, value } of instruction.args) {
          declared.push(name);
          const given =
            scope.buildArgs[name] ?? (value === undefined ? scope.globals[name] : put(line, value));
          if (given !== undefined) args[name] = given;
        }
        return undefined;
      case 'ENV':
      case 'LABEL': {
        // All pairs of one instruction see the values from before it.
        const pairs = instruction.pairs.map(([key, value]) => [put(line, key), put(line, value)] as const);
        if (instruction.kind === 'ENV')
          config = { ...config, env: { ...config.env, ...Object.fromEntries(pairs) } };
        else config = { ...config, labels: { ...config.labels, ...Object.fromEntries(pairs) } };
        return undefined;
      }
      case 'WORKDIR':
        config = { ...config, workingDir: inside(put(line, instruction.value)) };
        return { kind: 'workdir', path: config.workingDir };
      case 'USER':
        config = { ...config, user: put(line, instruction.value) };
        return undefined;
      case 'STOPSIGNAL': {
        const signal = put(line, instruction.value);
        if (!/^(SIG[A-Z0-9+]+|\d{1,2})$/.test(signal)) fail(line, `STOPSIGNAL "${signal}" is no signal`);
        config = { ...config, stopSignal: signal };
        return undefined;
      }
      case 'EXPOSE': {
        const ports = instruction.ports.map((port) => {
          const found = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(put(line, port));
          if (!found || Number(found[1]) > 65_535)
            return fail(line, `EXPOSE needs a port such as 8080/tcp, not "${port}"`);
          return `${found[1] ?? ''}/${found[2] ?? 'tcp'}`;
        });
        config = { ...config, exposedPorts: [...new Set([...config.exposedPorts, ...ports])] };
        return undefined;
      }
      case 'COPY':
      case 'ADD':
        return copy(instruction);
      case 'RUN':
        return {
          kind: 'run',
          words: shellWords(config.shell, instruction.command),
          env: { ...args, ...config.env },
          cwd: inside('.'),
          home: config.env.HOME ?? homeOf(config.user),
          mounts: instruction.mounts,
          hasShell: instruction.command.form === 'exec' || config.tools.includes('shell'),
        };
      case 'CMD':
        cmdIsSet = true;
        config = { ...config, cmd: configured(line, instruction.command, 'CMD') };
        return undefined;
      case 'ENTRYPOINT':
        // The CMD of the base belongs to the ENTRYPOINT of the base.
        config = {
          ...config,
          entrypoint: configured(line, instruction.command, 'ENTRYPOINT'),
          cmd: cmdIsSet ? config.cmd : [],
        };
        return undefined;
      case 'SHELL':
        config = { ...config, shell: instruction.words };
        return undefined;
      case 'HEALTHCHECK':
        config = { ...config, healthcheck: instruction.check };
        return undefined;
      default:
        return instruction satisfies never;
    }
  };

  const steps = stage.instructions.map((instruction): Step => {
    const action = apply(instruction);
    const text = instruction.text.replace(/\s+/g, ' ');
    return { line: instruction.line, text, ...(action ? { action } : {}) };
  });
  return { steps, config, declared, notes };
}
