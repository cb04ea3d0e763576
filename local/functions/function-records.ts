import { randomBytes } from 'node:crypto';
import type { FunctionSettings, RunnableSettings } from './cloud-function.ts';

/** What was made of a function's settings: one archive, under one name, at one time. */
export interface Deployment {
  readonly settings: RunnableSettings;
  readonly sourceId: string;
  readonly revision: string;
}

export type Verb = 'create' | 'update' | 'delete';

/** A function as it is stored. */
export interface FunctionRecord {
  /** `projects/p/locations/l/functions/f`. */
  readonly name: string;
  readonly port: number;
  readonly createTime: string;
  readonly updateTime: string;
  /** What was asked for last, whether it came up or not. */
  readonly settings: FunctionSettings;
  readonly revisions: number;
  /** What takes the requests; absent until a first deployment has come up. */
  readonly serving?: Deployment;
  /** The operation that is under way. */
  readonly operation?: {
    readonly name: string;
    readonly verb: Verb;
    readonly createTime: string;
  };
  /** Why the last deployment did not come up. */
  readonly failure?: string;
}

export interface FunctionName {
  readonly project: string;
  readonly location: string;
  readonly functionId: string;
}

export function parseFunctionName(name: string): FunctionName {
  const [, project = '', , location = '', , functionId = ''] = name.split('/');
  return { project, location, functionId };
}

/** FAILED means in Google's words: "failed and the function isn't serving". */
export function stateOf({ operation, serving, failure }: FunctionRecord): string {
  if (operation) return operation.verb === 'delete' ? 'DELETING' : 'DEPLOYING';
  return failure !== undefined && !serving ? 'FAILED' : 'ACTIVE';
}

/** `<function>-00001-abc`: three random letters at the end, as Google gives them. */
export function revisionName(functionId: string, ordinal: number): string {
  const letters = Array.from(randomBytes(3), (byte) => 'abcdefghijklmnopqrstuvwxyz'[byte % 26]).join('');
  return `${functionId}-${String(ordinal).padStart(5, '0')}-${letters}`;
}
