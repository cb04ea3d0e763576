import { durationInWords, timeInWords } from './duration.ts';
import { outcomeOf } from './outcome.ts';
import type { Probe, Verdict } from './release.ts';
import type { Timeline, TimelineEvent, TimelineStep } from './timeline.ts';

export interface ReportLinks {
  /** Where the picture of the same release is; relative to the report is fine. */
  readonly picture: string;
  /** Where people read the commit. */
  readonly commit: string;
}

/** Text from elsewhere as what it is: no markup, no table cell ends, nobody notified. */
const plain = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]|~#]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@/g, '@\u200b');

/** To be copied as it is. */
const code = (text: string): string => `\`${text.replace(/[\s`|]+/g, ' ')}\``;

/** Nothing but a web address becomes a link. */
const link = (text: string, address: string): string =>
  /^https?:\/\//.test(address)
    ? `[${plain(text)}](<${address.replace(/[<>\s]/g, encodeURIComponent)}>)`
    : plain(text);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => ' --- |').join('')}`,
  ...rows.map((cells) => `| ${cells.join(' | ')} |`),
];

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];

/** The whole report of a release: for people, and for later. The same record gives the same text. */
export function timelineMarkdown(timeline: Timeline, links: ReportLinks): string {
  const { release, steps } = timeline;
  const { badge, sentence } = outcomeOf(timeline);
  return [
    `# ${plain(release.service)} ${release.commit.slice(0, 7)}: ${badge}`,
    '',
    `**${plain(sentence)}**`,
    '',
    `![Traffic and verdicts of the release over time](<${links.picture}>)`,
    ...section('Way', table(['phase', 'began', 'lasted', 'outcome'], phases(timeline))),
    ...section('Traffic', steps.length === 0 ? [] : table(stepHead, steps.map(stepRow))),
    ...section('Verdicts', verdicts(timeline)),
    ...section(
      'Who did what',
      timeline.events.map((event) => eventLine(event)),
    ),
    ...section('Last probes before traffic', probes(release.probes)),
    ...section('Where to look', [
      `- Commit ${link(release.commit, links.commit)} on ${plain(release.branch)}`,
      `- Log of build ${link(release.build.id, release.build.logUrl)}`,
      ...(release.candidate ? [`- Revision ${code(release.candidate.revision)}`] : []),
      ...(release.candidate?.url === undefined
        ? []
        : [`- Its own address: ${link(release.candidate.url, release.candidate.url)}`]),
      ...(release.candidate ? [`- Image ${code(release.candidate.image)}`] : []),
    ]),
    '',
  ].join('\n');
}

const after = (milliseconds: number): string => `+${durationInWords(milliseconds)}`;
const lasted = (fromMs: number, untilMs: number | undefined): string =>
  untilMs === undefined ? 'under way' : durationInWords(untilMs - fromMs);

function phases({
  release,
  start,
  build,
  candidateMs,
  verification,
  steps,
  liveMs,
  end,
}: Timeline): string[][] {
  const [first] = steps;
  const last = steps.at(-1);
  return [
    ['build', timeInWords(start), lasted(build.fromMs, build.untilMs), release.build.status],
    ...(candidateMs === undefined
      ? []
      : [['candidate', after(candidateMs), '', plain(release.candidate?.revision ?? '')]]),
    ...(verification
      ? [
          [
            'verification',
            after(verification.fromMs),
            lasted(verification.fromMs, verification.untilMs),
            release.verdict?.verdict ?? '',
          ],
        ]
      : []),
    ...(first && last
      ? [['rollout', after(first.askedMs), lasted(first.askedMs, last.untilMs), `reached ${last.percent} %`]]
      : []),
    ...(liveMs === undefined ? [] : [['live', after(liveMs), end ? lasted(liveMs, end.atMs) : '', '']]),
    ...(end ? [[end.stage, after(end.atMs), '', plain(end.reason)]] : []),
  ];
}

const stepHead = ['percent', 'asked', 'served', 'lasted', 'verdict'];

const stepRow = ({ percent, askedMs, fromMs, served, untilMs, verdict, bake }: TimelineStep): string[] => [
  bake ? `${percent} % (bake)` : `${percent} %`,
  after(askedMs),
  served ? after(fromMs) : 'not yet',
  lasted(fromMs, untilMs),
  verdict?.verdict ?? 'none',
];

function verdicts({ release, steps }: Timeline): string[] {
  const lines = (where: string, { verdict, reasons, at }: Verdict): string[] => [
    `- **${where}: ${verdict}** (${timeInWords(at)})`,
    ...reasons.map((reason) => `  - ${plain(reason)}`),
  ];
  return [
    ...(release.verdict ? lines('before traffic', release.verdict) : []),
    ...steps.flatMap(({ percent, verdict }) => (verdict ? lines(`${percent} %`, verdict) : [])),
  ];
}

function eventLine({ kind, at, by = 'slipway', why, percent }: TimelineEvent): string {
  const did = {
    approved: `approved ${percent ?? 0} %`,
    promoted: 'promoted it to all traffic',
    withdrawn: 'withdrew it',
    'taken-over': 'took the traffic over',
    'rolled-back': 'rolled it back',
  }[kind];
  return `- ${timeInWords(at)}: **${plain(by)}** ${did}: ${plain(why)}`;
}

const probes = (seen: readonly Probe[]): string[] =>
  seen.length === 0
    ? []
    : table(
        ['at', 'asked', 'outcome', 'status', 'latency', 'answered by'],
        seen.map(({ at, check, outcome, detail, status, latencyMs, revision }) => [
          timeInWords(at),
          plain(check ?? 'health'),
          plain(detail === undefined ? outcome : `${outcome}: ${detail}`),
          `${status ?? ''}`,
          `${Math.round(latencyMs)} ms`,
          plain(revision ?? ''),
        ]),
      );
