import { ApiError } from '../core/api-error.ts';
import type { CloudContext } from '../core/context.ts';

/** Where builds and triggers live. The paths without a location mean `global`. */
export interface Scope {
  readonly project: string;
  readonly location: string;
}

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

/** The project's id, also where its number is given: `name` of a build has the number. */
const projectIdOf = (context: CloudContext, project: string): string =>
  project === context.projectNumber ? context.projectId : project;

/** The scope of a request with `parent` (`projects/p/locations/l`), or with `projectId` alone. */
export function scopeOf(
  context: CloudContext,
  { parent = '', projectId = '' }: { parent?: string; projectId?: string },
): Scope {
  const found = /^projects\/([^/]+)\/locations\/([^/]+)$/.exec(parent);
  if (found) return { project: projectIdOf(context, found[1] ?? ''), location: found[2] ?? '' };
  if (parent !== '' || projectId === '')
    throw invalid('parent must have the form projects/*/locations/*, or project_id must be set');
  return { project: projectIdOf(context, projectId), location: 'global' };
}

/** Scope and id of a request with `name` (`projects/p[/locations/l]/<collection>/<id>`), or with `projectId` and an id. */
export function resourceOf(
  context: CloudContext,
  collection: 'builds' | 'triggers',
  { name = '', projectId, id = '' }: { name?: string; projectId?: string; id?: string },
): Scope & { readonly id: string } {
  const found = new RegExp(`^projects/([^/]+)(?:/locations/([^/]+))?/${collection}/([^/]+)$`).exec(name);
  if (found) {
    return {
      project: projectIdOf(context, found[1] ?? ''),
      location: found[2] ?? 'global',
      id: found[3] ?? '',
    };
  }
  if (name !== '' || id === '')
    throw invalid(`name must have the form projects/*/locations/*/${collection}/*`);
  return { ...scopeOf(context, projectId === undefined ? {} : { projectId }), id };
}

/** Whether a resource stands in that scope; `-` is every location. */
export const isWithin = (resource: Scope, scope: Scope): boolean =>
  resource.project === scope.project && (scope.location === '-' || resource.location === scope.location);
