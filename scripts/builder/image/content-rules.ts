import path from 'node:path';
import { copiedPaths, execWords, lineage, pairsOf } from './docker-stages.ts';
import type { DockerfileRule, Problem } from './dockerfile-rule.ts';
import { devFolders } from './dev-dependencies.ts';
import { npmCall, shellCommands } from './shell-commands.ts';

export const noRemoteAdd: DockerfileRule = {
  name: 'no-remote-add',
  summary: 'nothing is fetched with ADD',
  check: ({ dockerfile: { stages } }) =>
    stages
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword }) => keyword === 'ADD')
      .flatMap((instruction): Problem[] => {
        const { sources } = copiedPaths(instruction, '/');
        const remote = sources.find((source) => /^([a-z+]+:\/\/|git@)/i.test(source));
        if (remote === undefined) return [];
        return [
          {
            line: instruction.line,
            message: `ADD fetches ${new URL(remote.replace(/^git@([^:]+):/, 'ssh://$1/')).host}, whatever it answers that day: fetch it in an earlier stage with RUN, check its SHA-256, and COPY it from there`,
          },
        ];
      }),
};

/** At the end of a name: `TOKEN_URL` and `PASSWORD_FILE` only tell where the secret is. */
const secretName =
  /(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY|SECRET_?KEY)(_?\d+)?$/i;
const secretValue =
  /-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}\b|\bgh[pousr]_\w{36,}|\bxox[abps]-|\b(npm|glpat)[_-]\w{20,}|:\/\/[^\s/:@]+:[^\s/@]+@/;

export const noSecrets: DockerfileRule = {
  name: 'no-secrets',
  summary: 'neither ENV nor ARG holds a secret',
  check: ({ dockerfile: { stages, globals, escape } }) =>
    [...globals, ...stages.flatMap(({ instructions }) => instructions)]
      .filter(({ keyword }) => keyword === 'ENV' || keyword === 'ARG')
      .flatMap(({ keyword, rest, line }) =>
        (keyword === 'ARG' && !rest.includes('=')
          ? rest.split(/\s+/).map((name) => [name, undefined] as const)
          : pairsOf(rest, escape)
        )
          .filter(([name, value]) => secretName.test(name) || secretValue.test(value ?? ''))
          .map(([name]) => ({
            line,
            message: `${keyword} ${name} stays readable in the image's history: use RUN --mount=type=secret while building, and Secret Manager (\`secrets\` in pipeline.yaml) while running`,
          })),
      ),
};

export const noCopyAll: DockerfileRule = {
  name: 'no-copy-all',
  summary: 'COPY . stands in earlier stages only',
  check: ({ dockerfile: { final } }) =>
    lineage(final)
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword, flags }) => (keyword === 'COPY' || keyword === 'ADD') && !flags.has('from'))
      .flatMap((instruction): Problem[] => {
        const { sources } = copiedPaths(instruction, '/');
        const all = sources.find((source) =>
          ['.', '/', '*'].includes(path.posix.normalize(source).replace(/^\.?\/(?=.)|(?<=.)\/$/g, '')),
        );
        if (all === undefined) return [];
        return [
          {
            line: instruction.line,
            message: `${instruction.keyword} ${all} brings sources and tests into the image: copy them in an earlier stage, and from there only what runs`,
          },
        ];
      }),
};

export const npmCi: DockerfileRule = {
  name: 'npm-ci',
  summary: 'packages come from the lock file: npm ci',
  check: ({ dockerfile: { stages } }) =>
    stages
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword }) => keyword === 'RUN')
      .flatMap(({ rest, line }) =>
        shellCommands(rest)
          .map(npmCall)
          .filter((call) => call?.verb === 'install' && !isPinnedTool(call.words))
          .map(() => ({
            line,
            message:
              'npm install may take other versions than the lock file names: use npm ci (for a tool: npm install --global name@1.2.3)',
          })),
      ),
};

/** `npm install --global name@1.2.3`: a tool that is in no lock file, by its exact version. */
function isPinnedTool(words: readonly string[]): boolean {
  const packages = words
    .slice(words.findIndex((word) => ['install', 'i', 'add'].includes(word)) + 1)
    .filter((word) => !word.startsWith('-'));
  return (
    words.some((word) => word === '-g' || word === '--global') &&
    packages.length > 0 &&
    packages.every((name) => /.@\d+\.\d+\.\d+/.test(name))
  );
}

export const noDevDependencies: DockerfileRule = {
  name: 'no-dev-dependencies',
  summary: 'development dependencies do not get into the final stage',
  check: ({ dockerfile }) =>
    [...devFolders(dockerfile, dockerfile.final)].map(([folder, line]) => ({
      line,
      message: `${folder} has development dependencies in it: install with npm ci --omit=dev, or run npm prune --omit=dev before it is copied`,
    })),
};

export const execForm: DockerfileRule = {
  name: 'exec-form',
  summary: 'CMD and ENTRYPOINT have the exec form, a JSON array',
  check: ({ dockerfile: { final } }) =>
    lineage(final)
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword, rest }) => (keyword === 'CMD' || keyword === 'ENTRYPOINT') && !execWords(rest))
      .map(({ keyword, line }) => ({
        line,
        message: `${keyword} starts a shell, which does not pass SIGTERM on, so Cloud Run has to kill the service: write ${keyword} ["program", "argument"]`,
      })),
};
