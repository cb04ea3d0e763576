/** The parts of `projects/p/locations/l/services/s[/revisions/r]`. */
export interface ResourceName {
  readonly project: string;
  readonly location: string;
  readonly service: string;
  /** Empty for a service. */
  readonly revision: string;
}

export function parseName(name: string): ResourceName {
  const [, project = '', , location = '', , service = '', , revision = ''] = name.split('/');
  return { project, location, service, revision };
}

export const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

export const revisionName = (service: string, revision: string): string => `${service}/revisions/${revision}`;

/** `projects/p/locations/l` of a service or a revision. */
export const locationOf = (name: string): string => name.split('/').slice(0, 4).join('/');

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** `web-00007-kqz`, as Cloud Run names a revision that has been given no name. `random` is in [0, 1). */
export function generatedRevisionName(service: string, number: number, random: () => number): string {
  const letter = (): string => letters.charAt(Math.floor(random() * letters.length));
  return `${service}-${String(number).padStart(5, '0')}-${letter()}${letter()}${letter()}`;
}
