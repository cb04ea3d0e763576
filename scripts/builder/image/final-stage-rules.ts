import { parseDockerignore } from '../../../local/images/dockerignore.ts';
import { substitute } from '../../../local/images/substitute.ts';
import { lineage, pairsOf } from './docker-stages.ts';
import type { DockerfileRule, LintedImage, Problem } from './dockerfile-rule.ts';

export const finalUser: DockerfileRule = {
  name: 'final-user',
  summary: 'the final stage names a USER that is not root: nonroot, or a number',
  check({ dockerfile: { final } }) {
    const user = lineage(final)
      .flatMap(({ instructions }) => instructions)
      .findLast(({ keyword }) => keyword === 'USER');
    const name = user?.rest.split(':')[0] ?? '';
    if (name === 'nonroot' || (/^\d+$/.test(name) && Number(name) !== 0)) return [];
    const what = !user
      ? 'the final stage names no USER, so the base image decides who it runs as'
      : name === 'root' || /^0+$/.test(name)
        ? 'the image runs as root'
        : `USER ${user.rest} does not show whether that is root`;
    return [{ line: user?.line ?? final.line, message: `${what}: write USER nonroot, or a number above 0` }];
  },
};

const prefix = 'org.opencontainers.image.';
const wantedLabels = ['title', 'source', 'version', 'revision'] as const;

/** https://github.com/opencontainers/image-spec/blob/main/annotations.md */
export const ociLabels: DockerfileRule = {
  name: 'oci-labels',
  summary: `the image has the labels ${prefix}{${wantedLabels.join(', ')}}`,
  check({ dockerfile, packageVersion }) {
    const { final, escape } = dockerfile;
    const labels = new Map<string, { readonly value: string; readonly line: number }>();
    for (const { keyword, rest, line } of lineage(final).flatMap(({ instructions }) => instructions))
      if (keyword === 'LABEL')
        for (const [name, value = ''] of pairsOf(rest, escape)) labels.set(name, { value, line });

    const missing = wantedLabels.filter((name) =>
      /^["']*$/.test(labels.get(`${prefix}${name}`)?.value ?? ''),
    );
    const problems: Problem[] = [];
    if (missing.length > 0)
      problems.push({
        line: [...labels.values()][0]?.line ?? final.line,
        message: `nobody who finds the image can tell what it is: add LABEL ${missing.map((name) => `${prefix}${name}=…`).join(' ')}`,
      });
    const revision = labels.get(`${prefix}revision`);
    if (revision && !missing.includes('revision') && !revision.value.includes('$'))
      problems.push({
        line: revision.line,
        message: `${prefix}revision is the same for every commit: take it from an ARG, which the build sets (--build-arg REVISION=$COMMIT_SHA)`,
      });
    const version = labels.get(`${prefix}version`);
    if (version && packageVersion !== undefined && !version.value.includes('$')) {
      const written = substitute(version.value, () => undefined, escape);
      if (written !== '' && written !== packageVersion)
        problems.push({
          line: version.line,
          message: `${prefix}version is ${written}, package.json says ${packageVersion}: make them the same`,
        });
    }
    return problems;
  },
};

/** What must never get into a build context: the cache would depend on it, and an image might hold it. */
const ignored = {
  node_modules: ['node_modules/.package-lock.json', 'node_modules/a/index.js'],
  '.git': ['.git/config', '.git/objects/00/0'],
  '.env*': ['.env', '.env.local', '.env.production'],
} as const;

export const dockerignoreRule: DockerfileRule = {
  name: 'dockerignore',
  summary: `.dockerignore leaves out ${Object.keys(ignored).join(', ')}`,
  check({ dockerignore }: LintedImage) {
    if (dockerignore === undefined)
      return [
        {
          line: 1,
          message: `there is none, so all of the folder is sent to the build: write one with ${Object.keys(ignored).join(', ')}`,
        },
      ];
    const rules = parseDockerignore(dockerignore);
    const open = Object.entries(ignored).filter(([, files]) => files.some((file) => !rules.ignores(file)));
    return open.map(([pattern]) => ({
      line: 1,
      message: `${pattern} gets into the build: add a line ${pattern}`,
    }));
  },
};
