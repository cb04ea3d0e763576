import type { DockerStages } from './docker-stages.ts';

/** What the rules look at. */
export interface LintedImage {
  readonly dockerfile: DockerStages;
  /** The text of .dockerignore, where there is one. */
  readonly dockerignore: string | undefined;
  /** Of package.json, where there is one. */
  readonly packageVersion: string | undefined;
}

export interface Problem {
  readonly line: number;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** One thing that is asked of a Dockerfile. */
export interface DockerfileRule {
  /** What an allowance in the Dockerfile names. */
  readonly name: string;
  /** Half a line, for the help and the docs. */
  readonly summary: string;
  check(image: LintedImage): readonly Problem[];
}
