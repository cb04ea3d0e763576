/** A reference to an image, taken apart. */
export interface ImageReference {
  /** The registry and the path: `europe-west1-docker.pkg.dev/p/slipway/api`, `node`. */
  readonly name: string;
  readonly tag?: string;
  /** `sha256:…`. */
  readonly digest?: string;
}

/** What an Artifact Registry name says. */
export interface RepositoryImage {
  readonly host: string;
  readonly location: string;
  readonly projectId: string;
  readonly repository: string;
  /** Below the repository; may hold slashes. */
  readonly image: string;
}

const grammar =
  /^((?:(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:))(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Parses `name[:tag][@sha256:…]`; undefined when it is none. https://pkg.go.dev/github.com/distribution/reference */
export function parseReference(text: string): ImageReference | undefined {
  const found = grammar.exec(text);
  if (!found) return undefined;
  const [, name = '', tag, digest] = found;
  return { name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** With the tag that is meant where none is given. */
export const withTag = ({ name, tag = 'latest' }: ImageReference): string => `${name}:${tag}`;

/** `<location>-docker.pkg.dev/<project>/<repository>/<image>`; undefined for any other registry. */
export function repositoryImage(name: string): RepositoryImage | undefined {
  const found = /^(([a-z0-9-]+)-docker\.pkg\.dev)\/([^/]+)\/([^/]+)\/(.+)$/.exec(name);
  if (!found) return undefined;
  const [, host = '', location = '', projectId = '', repository = '', image = ''] = found;
  return { host, location, projectId, repository, image };
}
