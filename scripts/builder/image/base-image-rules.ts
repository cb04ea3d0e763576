import { parseReference } from '../../../local/images/image-reference.ts';
import { lineage, type DockerStages } from './docker-stages.ts';
import type { DockerfileRule, Problem } from './dockerfile-rule.ts';

interface TakenImage {
  readonly line: number;
  readonly image: string;
}

/** The images of registries that a build takes: not its own stages, and not the empty one. */
export function takenImages({ stages }: DockerStages): TakenImage[] {
  const isStage = (name: string): boolean =>
    /^\d+$/.test(name) || stages.some((stage) => stage.name === name.toLowerCase());
  return [
    ...stages.filter(({ base }) => !base).map(({ line, image }) => ({ line, image })),
    ...stages.flatMap(({ instructions }) =>
      instructions.flatMap(({ keyword, line, flags }) =>
        keyword === 'COPY'
          ? (flags.get('from') ?? []).filter((from) => !isStage(from)).map((image) => ({ line, image }))
          : [],
      ),
    ),
  ].filter(({ image }) => image !== 'scratch');
}

const shown = (image: string): string => (image === '' ? 'a variable without a default' : image);

export const baseImagePinned: DockerfileRule = {
  name: 'base-image-pinned',
  summary: 'images are taken by digest: name:tag@sha256:…',
  check: ({ dockerfile }) =>
    takenImages(dockerfile).flatMap(({ line, image }): Problem[] =>
      parseReference(image)?.digest === undefined
        ? [
            {
              line,
              message: `${shown(image)} is not pinned, so the same commit can give another image tomorrow: append the digest, name:tag@sha256:…`,
            },
          ]
        : [],
    ),
};

export const noLatest: DockerfileRule = {
  name: 'no-latest',
  summary: 'images are taken by a tag that names a version, not latest',
  check: ({ dockerfile }) =>
    takenImages(dockerfile).flatMap(({ line, image }): Problem[] => {
      const { tag } = parseReference(image) ?? {};
      if (image === '' || (tag !== undefined && tag !== 'latest')) return [];
      return [
        {
          line,
          message: `${image} does not say which version it is: name one (name:24-slim@sha256:…), so that people and Dependabot know`,
        },
      ];
    }),
};

/** Debian and Ubuntu in their slim variants, Alpine, and images without a distribution. */
const isSmall = (image: string): boolean => {
  const { name = '', tag = '' } = parseReference(image) ?? {};
  return /(^|[/-])distroless($|[/-])/.test(name) || /(^|[.-])(slim|alpine)/.test(tag) || name === 'scratch';
};

export const finalBase: DockerfileRule = {
  name: 'final-base',
  summary: 'the final stage stands on a distroless, slim or alpine image',
  check({ dockerfile }) {
    const [root = dockerfile.final] = lineage(dockerfile.final);
    if (isSmall(root.image)) return [];
    return [
      {
        line: root.line,
        message: `the image is built on ${shown(root.image)}, with compilers and package managers that nobody patches: use a distroless or slim image for the final stage`,
      },
    ];
  },
};
