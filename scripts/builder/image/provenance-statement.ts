/** How an image was made. */
export interface BuildFacts {
  /** Without tag and digest. */
  readonly imageName: string;
  /** 64 hexadecimal digits. */
  readonly imageSha256: string;
  /** `https://github.com/owner/name`. */
  readonly repository: string;
  readonly commit: string;
  readonly service: string;
  readonly environment: string;
  readonly folder: string;
  /** The file of the build's steps, from the root of the checkout. */
  readonly config: { readonly path: string; readonly sha256: string };
  /** That of the service, then those of the packages that it links. */
  readonly lockFiles: readonly { readonly path: string; readonly sha256: string }[];
  /** Images of the Dockerfile, as written. */
  readonly baseImages: readonly { readonly reference: string; readonly sha256: string }[];
  /** Who ran the build, as a URI. */
  readonly builderId: string;
  /** `projects/…/locations/…/builds/…`. */
  readonly build: string;
  readonly sbom: { readonly uri: string; readonly sha256: string };
}

/** What buildType stands for is told in docs/gates.md. */
const buildType = 'https://slipway.dev/build-types/cloud-build/v1';

/**
 * An in-toto statement with a SLSA provenance predicate. Not signed: it tells how the image came about to those who
 * trust the bucket that it lies in, and proves nothing to anyone else.
 * https://slsa.dev/spec/v1.0/provenance, https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 */
export function provenanceStatement(facts: BuildFacts) {
  const source = `git+${facts.repository}`;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: facts.imageName, digest: { sha256: facts.imageSha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: {
          source: { uri: source, digest: { gitCommit: facts.commit } },
          config: facts.config.path,
          substitutions: {
            _SERVICE: facts.service,
            _ENVIRONMENT: facts.environment,
            _FOLDER: facts.folder,
          },
        },
        internalParameters: {},
        resolvedDependencies: [
          { uri: source, digest: { gitCommit: facts.commit } },
          file(source, facts.config),
          ...facts.lockFiles.map((each) => file(source, each)),
          ...facts.baseImages.map(({ reference, sha256 }) => ({
            uri: `oci://${reference}`,
            digest: { sha256 },
          })),
        ],
      },
      runDetails: {
        builder: { id: facts.builderId },
        metadata: {
          invocationId: facts.build,
          // The specification leaves names with a prefix to whoever writes it.
          slipway_signature:
            'none: this statement is not signed, and is worth as much as the access to the bucket that holds it',
        },
        byproducts: [
          {
            name: 'sbom',
            uri: facts.sbom.uri,
            digest: { sha256: facts.sbom.sha256 },
            mediaType: 'application/vnd.cyclonedx+json',
          },
        ],
      },
    },
  };
}

const file = (
  source: string,
  { path, sha256 }: BuildFacts['config'],
): { name: string; uri: string; digest: { sha256: string } } => ({
  name: path,
  uri: `${source}#${path}`,
  digest: { sha256 },
});
