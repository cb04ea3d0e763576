// References in the values of `env`: ${project}, ${region}, ${commit}, ${services.<name>.url},
// ${databases.<name>.socket}. `$${` stands for the characters `${`.

export type Reference =
  | { readonly kind: 'project' | 'region' | 'commit' }
  | { readonly kind: 'service-url'; readonly service: string }
  | { readonly kind: 'database-socket'; readonly database: string };

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly written: string; readonly reference: Reference }
  | { readonly kind: 'unknown'; readonly written: string };

/** What references stand for. */
export interface ReferenceValues {
  readonly project: string;
  readonly region: string;
  /** The commit that is deployed. */
  readonly commit: string;
  /** Addresses by service name, of all services that `referencedServices` names. */
  readonly serviceUrls: Readonly<Record<string, string>>;
}

/** Where Cloud Run puts the socket of a Cloud SQL instance. */
export const databaseSocket = (
  { project, region }: Pick<ReferenceValues, 'project' | 'region'>,
  instance: string,
): string => `/cloudsql/${project}:${region}:${instance}`;

/** The parts of a value in their order. An unknown or unclosed reference is a part of its own. */
export function parseReferences(value: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of value.matchAll(/\$\$\{|\$\{([^}]*)(\}?)/g)) {
    const [written, name, close] = match;
    if (match.index > end) parts.push({ kind: 'text', text: value.slice(end, match.index) });
    end = match.index + written.length;
    if (name === undefined) parts.push({ kind: 'text', text: '${' });
    else {
      const reference = close === '}' ? referenceOf(name) : undefined;
      parts.push(
        reference === undefined ? { kind: 'unknown', written } : { kind: 'reference', written, reference },
      );
    }
  }
  if (end < value.length) parts.push({ kind: 'text', text: value.slice(end) });
  return parts;
}

function referenceOf(name: string): Reference | undefined {
  if (name === 'project' || name === 'region' || name === 'commit') return { kind: name };
  const [, service, database] = /^(?:services\.([^.]+)\.url|databases\.([^.]+)\.socket)$/.exec(name) ?? [];
  if (service !== undefined) return { kind: 'service-url', service };
  if (database !== undefined) return { kind: 'database-socket', database };
  return undefined;
}

/** Names of the services whose address the values need, each once, in order of place. */
export function referencedServices(env: Readonly<Record<string, string>>): string[] {
  const names = Object.values(env)
    .flatMap(parseReferences)
    .flatMap((part) =>
      part.kind === 'reference' && part.reference.kind === 'service-url' ? [part.reference.service] : [],
    );
  return [...new Set(names)];
}

/**
 * The environment variables as a container gets them.
 * Throws if the address of a referenced service is not among the values, or if a reference is unknown (which
 * loadPipeline refuses).
 */
export function resolveEnv(
  env: Readonly<Record<string, string>>,
  values: ReferenceValues,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      parseReferences(value)
        .map((part) => resolvePart(part, name, values))
        .join(''),
    ]),
  );
}

function resolvePart(part: Part, variable: string, values: ReferenceValues): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'unknown':
      throw new Error(`The value of ${variable} holds ${part.written}, which is no known reference.`);
    case 'reference':
      return resolveReference(part.reference, variable, values);
  }
}

function resolveReference(reference: Reference, variable: string, values: ReferenceValues): string {
  switch (reference.kind) {
    case 'project':
    case 'region':
    case 'commit':
      return values[reference.kind];
    case 'database-socket':
      return databaseSocket(values, reference.database);
    case 'service-url': {
      const { service } = reference;
      const url = Object.hasOwn(values.serviceUrls, service) ? values.serviceUrls[service] : undefined;
      if (url === undefined) {
        throw new Error(
          `${variable} needs the address of the service ${service}, which has none yet. Deploy ${service} first.`,
        );
      }
      return url;
    }
  }
}
