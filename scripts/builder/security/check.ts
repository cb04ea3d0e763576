import path from 'node:path';
import type { Looked } from './finding.ts';
import type { CheckName, SecurityPolicy } from './policy.ts';
import type { PolicyException } from './exceptions.ts';
import type { SourceFiles } from './source-files.ts';

/** What the checks look at. */
export interface CheckContext {
  /** The root of the checkout. */
  readonly root: string;
  /** What is checked: a folder with a package.json; absolute. */
  readonly folder: string;
  readonly policy: SecurityPolicy;
  /** The image that was built, as the scanner is to find it. */
  readonly image: string | undefined;
  /** Of the environment: where the scanners are looked for. */
  readonly searchPath: string;
  sources(): Promise<SourceFiles>;
  /** The packages beside it that it links, which are built into it. They have none themselves. */
  readonly linked?: readonly CheckContext[];
}

export interface Check {
  readonly name: CheckName;
  /** Half a line for the help. */
  readonly summary: string;
  exceptions(policy: SecurityPolicy): readonly PolicyException[];
  /** Throws for what keeps it from looking and is not somebody else's doing. */
  look(context: CheckContext): Promise<Looked>;
}

/** A file of the folder as it is shown: from the root of the checkout, with `/` between names. */
export const shownFile = ({ root, folder }: Pick<CheckContext, 'root' | 'folder'>, name: string): string =>
  path.relative(root, path.join(folder, name)).split(path.sep).join('/');
