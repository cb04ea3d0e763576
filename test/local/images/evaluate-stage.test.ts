import { describe, expect, test } from '@jest/globals';
import { baseImage } from '../../../local/images/base-images.ts';
import { parseDockerfile } from '../../../local/images/dockerfile.ts';
import { evaluateStage, globalArgs } from '../../../local/images/evaluate-stage.ts';
import { emptyConfig } from '../../../local/images/image-config.ts';
import { substitute } from '../../../local/images/substitute.ts';

function evaluate(
  instructions: string,
  options: { from?: string; buildArgs?: Record<string, string>; before?: string } = {},
) {
  const { from = 'node:24', buildArgs = {}, before = '' } = options;
  const dockerfile = parseDockerfile(`${before}FROM ${from}\n${instructions}`, 'Dockerfile');
  const [stage] = dockerfile.stages;
  if (!stage) throw new Error('no stage');
  const globals = globalArgs(dockerfile.globals, buildArgs, (_line, word, lookup) =>
    substitute(word, lookup),
  );
  const base = baseImage(from, '24.1.0')?.config ?? emptyConfig;
  return evaluateStage(stage, { file: 'Dockerfile', escape: '\\', base, globals, buildArgs });
}

const actions = (instructions: string, options = {}) =>
  evaluate(instructions, options).steps.map(({ action }) => action);

describe('evaluateStage', () => {
  test('WORKDIR is relative to the one before', () => {
    expect(evaluate('WORKDIR /a\nWORKDIR b/../c\nWORKDIR $X').config.workingDir).toBe('/a/c');
  });

  test('ARG: build argument before default, ENV before ARG, a global one only when declared', () => {
    const options = { buildArgs: { B: 'given' }, before: 'ARG G=global\nARG H=hidden\n' };
    const { config } = evaluate('ARG A=a\nARG B=b\nARG G\nENV R=$A-$B-$G-$H\nENV A=env\nENV S=$A', options);
    expect(config.env).toMatchObject({ R: 'a-given-global-', S: 'env' });
  });

  test('the pairs of one ENV see the values from before it', () => {
    expect(evaluate('ENV A=1\nENV A=2 B=$A').config.env).toMatchObject({ A: '2', B: '1' });
  });

  test('RUN gets arguments and environment, and is not substituted', () => {
    const [, run] = actions('ARG A=1\nRUN echo $A', {});
    expect(run).toMatchObject({
      kind: 'run',
      words: ['/bin/sh', '-c', 'echo $A'],
      env: { A: '1' },
      cwd: '/',
      home: '/root',
    });
  });

  test.each([
    ['node', '/home/node'],
    ['65532:65532', '/home/nonroot'],
    ['root', '/root'],
  ])('HOME of USER %s', (user, home) => {
    expect(actions(`USER ${user}\nRUN x`)[1]).toMatchObject({ home });
  });

  test('SHELL is what the shell form starts', () => {
    const { config } = evaluate('SHELL ["/bin/bash", "-c"]\nCMD x y');
    expect(config.cmd).toEqual(['/bin/bash', '-c', 'x y']);
  });

  test('ENTRYPOINT takes the CMD of the base away, not its own', () => {
    expect(evaluate('ENTRYPOINT ["a"]').config).toMatchObject({ entrypoint: ['a'], cmd: [] });
    expect(evaluate('CMD ["b"]\nENTRYPOINT ["a"]').config).toMatchObject({ entrypoint: ['a'], cmd: ['b'] });
  });

  test('COPY: destinations, mode, chown said', () => {
    const { steps, notes } = evaluate(
      'ARG D=lib\nWORKDIR /app\nCOPY --chown=1 --chmod=0755 a $D/\nCOPY a b .\nCOPY a /x',
    );
    expect(steps.flatMap(({ action }) => (action?.kind === 'copy' ? [action] : []))).toMatchObject([
      { destination: '/app/lib/', mode: 0o755 },
      { destination: '/app/' },
      { destination: '/x' },
    ]);
    expect(notes).toEqual(['--chown is not honoured: files belong to who runs the build']);
  });

  test('the rest of the config', () => {
    expect(
      evaluate('LABEL a=b\nEXPOSE 8080 53/udp\nUSER node\nSTOPSIGNAL SIGINT\nHEALTHCHECK NONE').config,
    ).toMatchObject({
      labels: { a: 'b' },
      exposedPorts: ['8080/tcp', '53/udp'],
      user: 'node',
      stopSignal: 'SIGINT',
      healthcheck: 'NONE',
    });
  });

  test.each([
    ['several sources into a file', 'COPY a b c', 'needs a destination that ends with /'],
    ['ADD of a URL', 'ADD https://x/y /z', 'ADD of a URL (https://x/y) is not supported'],
    ['a symbolic mode', 'COPY --chmod=u+x a b', '--chmod=u+x is not supported'],
    ['a port range', 'EXPOSE 80-90', 'EXPOSE needs a port'],
    ['no signal', 'STOPSIGNAL kill', 'is no signal'],
    ['an unsupported substitution', 'ENV A=${B%c}', 'is not supported'],
  ])('%s is refused', (_name, instruction, message) => {
    expect(() => evaluate(instruction)).toThrow(message);
    expect(() => evaluate(instruction)).toThrow(/^Dockerfile:2: /);
  });

  test('the shell form of CMD is refused where the image has no shell', () => {
    expect(() => evaluate('CMD node x', { from: 'gcr.io/distroless/nodejs24-debian12' })).toThrow(
      'CMD in its shell form, but the image has no shell',
    );
  });
});
