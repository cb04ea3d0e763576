import path from 'node:path';
import { expect, test } from '@jest/globals';
import { joinedBom, readLockedPackages, withoutDevelopment } from '../../../../scripts/builder/image/sbom.ts';

const services = path.resolve(import.meta.dirname, '../../../../services');

test('a service and the package that it links are one list: what both deliver, and who needs what', async () => {
  const [api, telemetry] = ['api', 'telemetry'].map((name) => path.join(services, name));
  if (api === undefined || telemetry === undefined) throw new Error('two folders have two paths');
  const boms = await Promise.all([readLockedPackages(api, [telemetry]), readLockedPackages(telemetry)]);
  const { components, dependencies, metadata } = joinedBom(boms.map(withoutDevelopment));
  const names = components.map((each) => each['bom-ref'].replace(/@[^@]+$/, ''));
  for (const name of ['pg', 'slipway-telemetry', '@opentelemetry/sdk-trace', '@sentry/core'])
    expect(names.filter((each) => each === name)).toEqual([name]);
  expect(names).not.toContain('typescript');
  const needs = (ref: string): string[] =>
    dependencies
      .filter((each) => each.ref === ref)
      .flatMap(({ dependsOn }) => dependsOn.map((each) => each.replace(/@[^@]+$/, '')));
  expect(needs(metadata.component['bom-ref']).sort()).toEqual(['pg', 'slipway-telemetry']);
  const linked =
    components.map((each) => each['bom-ref']).find((ref) => ref.startsWith('slipway-telemetry@')) ?? '';
  expect(needs(linked)).toContain('@sentry/core');
  // Everything that is needed is listed.
  const listed = new Set([metadata.component['bom-ref'], ...components.map((each) => each['bom-ref'])]);
  expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !listed.has(ref))).toEqual([]);
});
