import type { AcceptedFinding, CheckedGate, Finding } from './finding.ts';

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** SARIF 2.1.0, as GitHub's code scanning and editors read it. https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
export function sarifReport(gates: readonly CheckedGate[], folder: string): string {
  const found = gates.flatMap(({ outcome }): (Finding | AcceptedFinding)[] =>
    outcome.kind === 'skipped' ? [] : [...outcome.findings, ...outcome.accepted],
  );
  const rules = [...new Map(found.map((finding) => [finding.rule, finding])).values()];
  const indices = new Map(rules.map(({ rule }, index) => [rule, index]));
  return `${JSON.stringify(
    {
      $schema: schema,
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'slipway-security',
              rules: rules.map(({ rule, title, url }) => ({
                id: rule,
                shortDescription: { text: title },
                ...(url === undefined ? {} : { helpUri: url }),
              })),
            },
          },
          automationDetails: { id: `slipway-security/${folder}/` },
          invocations: [{ executionSuccessful: true, toolExecutionNotifications: notifications(gates) }],
          results: found.map((finding) => ({
            ruleId: finding.rule,
            ruleIndex: indices.get(finding.rule) ?? -1,
            level: 'error',
            message: { text: finding.message },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: {
                    uri: finding.file.split('/').map(encodeURIComponent).join('/'),
                    uriBaseId: '%SRCROOT%',
                  },
                  region: {
                    startLine: finding.line ?? 1,
                    ...(finding.column === undefined ? {} : { startColumn: finding.column }),
                  },
                },
              },
            ],
            ...('accepted' in finding
              ? {
                  suppressions: [
                    {
                      kind: 'external',
                      justification: `${finding.accepted.reason} (until ${finding.accepted.expires})`,
                    },
                  ],
                }
              : {}),
          })),
        },
      ],
    },
    null,
    2,
  )}\n`;
}

const notifications = (gates: readonly CheckedGate[]): object[] =>
  gates.flatMap(({ name, outcome }) =>
    outcome.kind === 'skipped'
      ? [{ level: 'warning', message: { text: `${name} skipped: ${outcome.why}` } }]
      : outcome.notes.map((note) => ({ level: 'note', message: { text: `${name}: ${note}` } })),
  );
