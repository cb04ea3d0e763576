import type { Probe, Release, Verdict } from '../release/release.ts';

const row = ({ at, outcome, status, latencyMs, revision }: Probe): string =>
  `| ${at} | ${outcome} | ${status ?? ''} | ${latencyMs} ms | ${revision ?? ''} |`;

/** What verification saw, as Markdown: for people, and for later. */
export function verificationReport(release: Release, verdict: Verdict, probes: readonly Probe[]): string {
  return [
    `# ${release.service}: revision ${release.candidate?.revision ?? '(none)'} is ${verdict.verdict}`,
    '',
    ...verdict.reasons.map((reason) => `- ${reason}`),
    '',
    `Commit ${release.commit} on ${release.branch}, build ${release.build.id}, judged at ${verdict.at}.`,
    `Image ${release.candidate?.image ?? 'unknown'}.`,
    `Log of the build: ${release.build.logUrl}`,
    '',
    ...(probes.length === 0
      ? ['No probe was sent.']
      : [
          '| probe at | outcome | status | latency | answered by |',
          '| --- | --- | --- | --- | --- |',
          ...probes.map(row),
        ]),
    '',
  ].join('\n');
}
