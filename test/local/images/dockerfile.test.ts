import { describe, expect, test } from '@jest/globals';
import { parseDockerfile } from '../../../local/images/dockerfile.ts';
import type { Instruction } from '../../../local/images/instruction.ts';
import { DockerfileError } from '../../../local/images/dockerfile-lines.ts';

const parse = (source: string) => parseDockerfile(source, 'Dockerfile');
const first = (instruction: string): Instruction | undefined =>
  parse(`FROM node:24\n${instruction}`).stages[0]?.instructions[0];

describe('parseDockerfile', () => {
  test('stages, global arguments, comments, continuation lines and line numbers', () => {
    const parsed = parse(
      [
        '# syntax=docker/dockerfile:1',
        '',
        '# a comment',
        'ARG VERSION=24',
        'FROM node:${VERSION} AS Deps',
        'RUN npm ci \\',
        '  # in between',
        '',
        '  --omit=dev',
        'from deps',
        'copy --from=deps /a /b',
      ].join('\n'),
    );
    expect(parsed.globals).toMatchObject([{ line: 4, args: [{ name: 'VERSION', value: '24' }] }]);
    expect(parsed.stages).toMatchObject([
      {
        index: 0,
        from: { line: 5, image: 'node:${VERSION}', name: 'deps' },
        instructions: [{ kind: 'RUN', line: 6, command: { form: 'shell', line: 'npm ci   --omit=dev' } }],
      },
      {
        index: 1,
        from: { line: 10, image: 'deps' },
        instructions: [{ kind: 'COPY', line: 11, from: 'deps' }],
      },
    ]);
  });

  test('# escape=` makes the backslash a plain character', () => {
    const parsed = parse('# escape=`\nFROM node:24\nRUN a `\n b \\\nENV X=c:\\d');
    expect(parsed.escape).toBe('`');
    expect(parsed.stages[0]?.instructions).toMatchObject([
      { kind: 'RUN', command: { line: 'a  b \\' } },
      { kind: 'ENV', pairs: [['X', 'c:\\d']] },
    ]);
  });

  test.each<[string, string, object]>([
    [
      'RUN in exec form',
      'RUN ["node", "-e", "1"]',
      { command: { form: 'exec', words: ['node', '-e', '1'] } },
    ],
    ['RUN with a shell test', 'RUN [ -f x ]', { command: { form: 'shell', line: '[ -f x ]' } }],
    [
      'RUN with a cache',
      'RUN --mount=type=cache,target=/root/.npm,sharing=locked npm ci',
      { mounts: [{ id: '/root/.npm', target: '/root/.npm', locked: true }], command: { line: 'npm ci' } },
    ],
    ['CMD in shell form', 'CMD node server.js', { command: { form: 'shell', line: 'node server.js' } }],
    ['CMD that empties', 'CMD []', { command: { form: 'exec', words: [] } }],
    [
      'COPY with flags',
      'COPY --chown=node:node --chmod=755 a b c/',
      { sources: ['a', 'b'], destination: 'c/', chmod: '755' },
    ],
    ['COPY in JSON form', 'COPY ["a b", "c"]', { sources: ['a b'], destination: 'c' }],
    [
      'ENV with quotes',
      'ENV A="1 2" B=x\\ y',
      {
        pairs: [
          ['A', '"1 2"'],
          ['B', 'x\\ y'],
        ],
      },
    ],
    ['ENV in the old form', 'ENV A b c=d', { pairs: [['A', 'b c=d']] }],
    ['LABEL', 'LABEL a.b="c"', { pairs: [['a.b', '"c"']] }],
    ['ARG with and without default', 'ARG A B=1', { args: [{ name: 'A' }, { name: 'B', value: '1' }] }],
    ['EXPOSE', 'EXPOSE 8080 9090/udp', { ports: ['8080', '9090/udp'] }],
    ['HEALTHCHECK NONE', 'HEALTHCHECK NONE', { check: 'NONE' }],
    ['HEALTHCHECK CMD', 'HEALTHCHECK --interval=5s CMD curl x', { check: '--interval=5s CMD curl x' }],
    ['SHELL', 'SHELL ["/bin/bash", "-c"]', { words: ['/bin/bash', '-c'] }],
    ['a shift is no here-document', 'RUN echo $((1<<2)) && cat <<<x', { kind: 'RUN' }],
  ])('%s', (_name, instruction, expected) => {
    expect(first(instruction)).toMatchObject(expected);
  });

  test.each([
    ['VOLUME', 'VOLUME /data', 'VOLUME is not supported here'],
    ['ONBUILD', 'ONBUILD RUN x', 'ONBUILD is not supported here'],
    ['an unknown word', 'RNU x', 'RNU is not supported here'],
    ['a here-document', 'RUN <<EOF\nx\nEOF', 'RUN with a here-document (<<EOF)'],
    ['a here-document of COPY', 'COPY <<"END" /x', 'COPY with a here-document'],
    ['a secret mount', 'RUN --mount=type=secret,id=x cat', '--mount=type=secret cannot be honoured'],
    ['a bind mount by default', 'RUN --mount=target=/x cat', '--mount=type=bind cannot be honoured'],
    ['a mount option', 'RUN --mount=type=cache,target=/x,mode=0755 cat', 'cache,mode=… is not supported'],
    ['a flag of RUN', 'RUN --network=none x', 'RUN --network is not supported here'],
    ['a flag of COPY', 'COPY --parents a b/', 'COPY --parents is not supported here'],
    ['a variable in --from', 'COPY --from=$X a b', 'variables are not substituted there'],
    ['COPY without destination', 'COPY a', 'needs at least one source'],
    ['ENV without value', 'ENV A', 'ENV needs key=value'],
    ['a bad SHELL', 'SHELL /bin/sh', 'SHELL needs a JSON array'],
    ['a stage named twice', 'FROM a AS x\nFROM b AS x', 'the stage "x" is defined twice'],
  ])('%s is refused with its line', (_name, instruction, message) => {
    expect(() => first(instruction)).toThrow(DockerfileError);
    expect(() => first(instruction)).toThrow(/^Dockerfile:[23]: /);
    expect(() => first(instruction)).toThrow(message);
  });

  test.each([
    ['no FROM', '# nothing', 'Dockerfile:1: there is no FROM'],
    ['an instruction before FROM', 'RUN x\nFROM y', 'Dockerfile:1: RUN stands before the first FROM'],
    ['a bad escape', '# escape=x\nFROM y', 'Dockerfile:1: the directive "# escape=x" is invalid'],
    ['a bad FROM', 'FROM a b c', 'Dockerfile:1: FROM needs'],
  ])('%s is refused', (_name, source, message) => {
    expect(() => parse(source)).toThrow(message);
  });
});
