import { z } from 'zod';
import { readSeverity, type Severity } from './severity.ts';

/** A vulnerable package in an image. */
export interface ImageVulnerability {
  readonly id: string;
  readonly package: string;
  readonly version: string;
  readonly severity: Severity;
  readonly title: string;
  readonly url: string;
  /** Versions that have it no more; empty when there is none. */
  readonly fixedIn: string;
}

export interface ImageScanner {
  /** The command. */
  readonly name: string;
  args(image: string): readonly string[];
  /** Throws when the report has another form. */
  read(stdout: string): ImageVulnerability[];
}

/** https://trivy.dev/latest/docs/configuration/reporting/#json */
const trivyReport = z.object({
  SchemaVersion: z.literal(2),
  Results: z
    .array(
      z.object({
        Vulnerabilities: z
          .array(
            z.object({
              VulnerabilityID: z.string(),
              PkgName: z.string(),
              InstalledVersion: z.string(),
              FixedVersion: z.string().default(''),
              Severity: z.string(),
              Title: z.string().default(''),
              PrimaryURL: z.string().default(''),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

/** https://github.com/anchore/grype#output-formats */
const grypeReport = z.object({
  matches: z.array(
    z.object({
      vulnerability: z.object({
        id: z.string(),
        severity: z.string().default('unknown'),
        dataSource: z.string().default(''),
        description: z.string().default(''),
        fix: z.object({ versions: z.array(z.string()).nullable().default([]) }).optional(),
      }),
      artifact: z.object({ name: z.string(), version: z.string() }),
    }),
  ),
});

/** In the order in which they are looked for. */
export const imageScanners: readonly ImageScanner[] = [
  {
    name: 'trivy',
    args: (image) => ['image', '--quiet', '--scanners', 'vuln', '--format', 'json', image],
    read: (stdout) =>
      trivyReport.parse(JSON.parse(stdout)).Results.flatMap(({ Vulnerabilities }) =>
        Vulnerabilities.map((each) => ({
          id: each.VulnerabilityID,
          package: each.PkgName,
          version: each.InstalledVersion,
          severity: readSeverity(each.Severity),
          title: each.Title,
          url: each.PrimaryURL,
          fixedIn: each.FixedVersion,
        })),
      ),
  },
  {
    name: 'grype',
    args: (image) => ['--quiet', '--output', 'json', image],
    read: (stdout) =>
      grypeReport.parse(JSON.parse(stdout)).matches.map(({ vulnerability, artifact }) => ({
        id: vulnerability.id,
        package: artifact.name,
        version: artifact.version,
        severity: readSeverity(vulnerability.severity),
        title: vulnerability.description.split('\n')[0] ?? '',
        url: vulnerability.dataSource,
        fixedIn: (vulnerability.fix?.versions ?? []).join(', '),
      })),
  },
];
