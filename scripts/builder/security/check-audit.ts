import { shownFile, type Check } from './check.ts';
import { readAudit } from './audit-report.ts';
import type { Finding } from './finding.ts';
import { packageKeys, readLockFile } from './lock-file.ts';
import { runTool } from './run-tool.ts';
import { isWorse } from './severity.ts';

/** One retry, and soon: where there is no network, waiting does not bring one. */
const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000'];
const timeoutSeconds = 120;

/** What is known to be wrong with the packages in the lock file. */
export const checkAudit: Check = {
  name: 'audit',
  summary: 'known vulnerabilities of the packages in the lock file (npm audit)',
  exceptions: ({ audit }) => audit.exceptions,
  async look(context) {
    // Read first: without it npm could not ask either, and that would be no fault of the registry.
    const read = await readLockFile(context);
    const { file, lineOf } = read;
    const { stdout, stderr, exitCode } = await runTool(
      'npm',
      ['audit', '--json', '--package-lock-only', ...patience],
      {
        cwd: context.folder,
        timeoutSeconds,
      },
    );
    if (stdout.trim() === '')
      throw new Error(
        `npm audit ended with exit ${exitCode} and no report for ${shownFile(context, '.')}: ${stderr.trim().split('\n')[0] ?? ''}`,
      );
    const audit = readAudit(stdout);
    if (audit.kind === 'no-source') return { kind: 'skipped', why: `no advisory source (${audit.why})` };
    const { worst } = context.policy.audit;
    const [bad, harmless] = [true, false].map((wanted) =>
      audit.advisories.filter(({ severity }) => isWorse(severity, worst) === wanted),
    );
    return {
      kind: 'looked',
      findings: (bad ?? []).map((advisory): Finding => {
        const [node = ''] = advisory.nodes;
        return {
          rule: `audit/${advisory.id}`,
          title: `${advisory.package}: ${advisory.title}`,
          message: `${advisory.package} ${advisory.range}: ${advisory.title} (${advisory.severity}, ${advisory.id}); ${advisory.fix}`,
          file,
          line: lineOf(node),
          ...(advisory.url === '' ? {} : { url: advisory.url }),
          subject: { id: advisory.id, package: advisory.package },
        };
      }),
      scope: `${packageKeys(read).length} packages`,
      notes: (harmless ?? []).map(
        ({ id, package: name, title, severity, fix }) => `${name}: ${title} (${severity}, ${id}); ${fix}`,
      ),
    };
  },
};
