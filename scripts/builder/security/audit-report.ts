import { z } from 'zod';
import { severities, type Severity } from './severity.ts';

/** What is known to be wrong with a version of a package. */
export interface Advisory {
  /** `GHSA-…`, else the number that the registry gives it. */
  readonly id: string;
  readonly package: string;
  readonly title: string;
  readonly severity: Severity;
  readonly url: string;
  /** The versions that have it. */
  readonly range: string;
  /** The places in the lock file: `node_modules/a`. */
  readonly nodes: readonly string[];
  /** How npm would get rid of it, as half a sentence. */
  readonly fix: string;
}

const advisory = z.object({
  source: z.union([z.number(), z.string()]),
  name: z.string(),
  title: z.string().default('a vulnerability'),
  url: z.string().default(''),
  severity: z.enum(severities),
  range: z.string().default('*'),
});

/** `npm audit --json`: https://docs.npmjs.com/cli/commands/npm-audit */
const reportSchema = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      // A text is the name of another package, in whose entry the advisory is.
      via: z.array(z.union([z.string(), advisory])),
      nodes: z.array(z.string()),
      fixAvailable: z.union([
        z.boolean(),
        z.object({ name: z.string(), version: z.string(), isSemVerMajor: z.boolean().optional() }),
      ]),
    }),
  ),
});
type Vulnerability = z.infer<typeof reportSchema>['vulnerabilities'][string];

/** npm's own way to say that it could not ask. */
const failureSchema = z.object({ message: z.string() });

/** What npm has found, or why it could not ask. Throws for anything else. */
export function readAudit(
  stdout: string,
):
  | { readonly kind: 'report'; readonly advisories: readonly Advisory[] }
  | { readonly kind: 'no-source'; readonly why: string } {
  const json: unknown = JSON.parse(stdout);
  const report = reportSchema.safeParse(json);
  if (report.success) return { kind: 'report', advisories: advisoriesIn(report.data.vulnerabilities) };
  const failure = failureSchema.safeParse(json);
  if (failure.success) return { kind: 'no-source', why: failure.data.message };
  throw new Error(`npm audit answered in another form: ${z.prettifyError(report.error)}`, {
    cause: report.error,
  });
}

function advisoriesIn(vulnerabilities: Readonly<Record<string, Vulnerability>>): Advisory[] {
  const found = Object.values(vulnerabilities).flatMap(({ via, nodes, fixAvailable }) =>
    via.flatMap((each): Advisory[] => {
      if (typeof each === 'string') return [];
      const id = /GHSA(?:-[0-9a-z]{4}){3}/.exec(each.url)?.[0] ?? String(each.source);
      return [
        {
          id,
          package: each.name,
          title: each.title,
          severity: each.severity,
          url: each.url,
          range: each.range,
          nodes,
          fix: describeFix(fixAvailable),
        },
      ];
    }),
  );
  return found.sort(
    (a, b) =>
      severities.indexOf(b.severity) - severities.indexOf(a.severity) || a.package.localeCompare(b.package),
  );
}

function describeFix(fix: Vulnerability['fixAvailable']): string {
  if (fix === false)
    return 'there is no fixed version yet: replace it, or make an exception with a reason and a day';
  if (fix === true) return '`npm audit fix` mends it';
  return `${fix.name} ${fix.version} mends it${fix.isSemVerMajor === true ? ' (a new major version)' : ''}`;
}
