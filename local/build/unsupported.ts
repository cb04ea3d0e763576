import type { BuildConfig } from './build-types.ts';

/**
 * What a valid config asks for and this machine has not got, each with its place; empty when all of it can run. It is
 * said before the build starts: a build that silently left something out would prove nothing.
 */
export function unsupportedHere(build: BuildConfig): string[] {
  const { artifacts, availableSecrets, options, source } = build;
  const has = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : value !== undefined);
  const checks: readonly [found: boolean, place: string, why: string][] = [
    [has(build.secrets), 'secrets', 'there is no Cloud KMS; use availableSecrets.secretManager'],
    [
      has(availableSecrets?.inline),
      'availableSecrets.inline',
      'there is no Cloud KMS; use availableSecrets.secretManager',
    ],
    [has(artifacts?.mavenArtifacts), 'artifacts.mavenArtifacts', 'Artifact Registry holds images only'],
    [has(artifacts?.pythonPackages), 'artifacts.pythonPackages', 'Artifact Registry holds images only'],
    [has(artifacts?.npmPackages), 'artifacts.npmPackages', 'Artifact Registry holds images only'],
    [has(artifacts?.goModules), 'artifacts.goModules', 'Artifact Registry holds images only'],
    [has(build.dependencies), 'dependencies', 'only the source itself is fetched'],
    [has(build.gitConfig), 'gitConfig', 'repositories are on this machine, no proxy is used'],
    [
      options?.requestedVerifyOption === 'VERIFIED',
      'options.requestedVerifyOption',
      'no provenance is generated',
    ],
    [has(options?.sourceProvenanceHash), 'options.sourceProvenanceHash', 'no provenance is generated'],
    [has(source?.repoSource), 'source.repoSource', 'there is no Cloud Source Repositories; use gitSource'],
    [has(source?.storageSourceManifest), 'source.storageSourceManifest', 'use storageSource'],
    [
      has(source?.connectedRepository),
      'source.connectedRepository',
      'there are no connections; use gitSource',
    ],
  ];
  return checks
    .filter(([found]) => found)
    .map(([, place, why]) => `${place} is not part of the local cloud: ${why}`);
}
