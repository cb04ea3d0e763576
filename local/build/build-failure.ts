import type { FailureInfo } from './build-types.ts';

/** Why a build ends in FAILURE: the message becomes its statusDetail. */
export class BuildFailure extends Error {
  readonly type: FailureInfo['type'];

  constructor(message: string, type?: FailureInfo['type'], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'BuildFailure';
    this.type = type;
  }
}
