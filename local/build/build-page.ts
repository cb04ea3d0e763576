import { spokenDuration } from './durations.ts';
import { stepTitle } from './build-log.ts';
import { hasEnded, type Build } from './build-types.ts';
import type { StepProgress } from './run-steps.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char] ?? char);

const words: Readonly<Record<string, string>> = {
  PENDING: 'Waiting for approval',
  QUEUED: 'Queued',
  WORKING: 'Running',
  SUCCESS: 'Succeeded',
  FAILURE: 'Failed',
  INTERNAL_ERROR: 'Internal error',
  TIMEOUT: 'Timed out',
  CANCELLED: 'Cancelled',
  EXPIRED: 'Expired in the queue',
};

const toneOf = (status: string): string =>
  status === 'SUCCESS'
    ? 'good'
    : status === 'WORKING'
      ? 'busy'
      : ['QUEUED', 'PENDING', 'CANCELLED'].includes(status)
        ? 'calm'
        : 'bad';

const pill = (status: string): string =>
  `<span class="pill ${toneOf(status)}">${escapeHtml(words[status] ?? status)}</span>`;

function fact(name: string, value: string | undefined): string {
  return value === undefined || value === ''
    ? ''
    : `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`;
}

/** Where a span lies within the build, in percent. */
function bar(progress: StepProgress, fromMs: number, toMs: number, nowMs: number): string {
  if (progress.startTime === undefined) return '';
  const total = Math.max(1, toMs - fromMs);
  const start = Date.parse(progress.startTime);
  const end = progress.endTime === undefined ? nowMs : Date.parse(progress.endTime);
  const left = Math.min(99, Math.max(0, ((start - fromMs) / total) * 100));
  const width = Math.max(1, Math.min(100 - left, ((end - start) / total) * 100));
  return `<i class="${toneOf(progress.status)}" style="left:${left.toFixed(1)}%;width:${width.toFixed(1)}%"></i>`;
}

function stepRow(
  build: Build,
  index: number,
  progress: StepProgress,
  times: readonly [number, number, number],
): string {
  const step = build.steps?.[index] ?? {};
  const [fromMs, toMs, nowMs] = times;
  const { status, startTime, endTime, exitCode } = progress;
  const ms =
    startTime === undefined
      ? undefined
      : (endTime === undefined ? nowMs : Date.parse(endTime)) - Date.parse(startTime);
  const code = exitCode === undefined || exitCode === 0 ? '' : ` <small>exit code ${exitCode}</small>`;
  return (
    `<tr><td><b>${escapeHtml(stepTitle(index, step.id))}</b><small>${escapeHtml(step.name ?? '')}</small></td>` +
    `<td>${pill(status)}${code}</td><td class="track"><div>${bar(progress, fromMs, toMs, nowMs)}</div></td>` +
    `<td class="time">${ms === undefined ? '' : spokenDuration(ms)}</td></tr>`
  );
}

/** What changes while the build runs: status, facts, steps. `live` is the progress of a build under way. */
export function buildSummary(build: Build, live: readonly StepProgress[] | undefined, nowMs: number): string {
  const fromMs = Date.parse(build.startTime ?? build.createTime);
  const toMs = build.finishTime === undefined ? nowMs : Date.parse(build.finishTime);
  const steps = (build.steps ?? []).map((step, index): StepProgress => {
    const now = live?.[index];
    if (now) return now;
    const { startTime, endTime } = step.timing ?? {};
    return {
      status: step.status ?? 'QUEUED',
      ...(startTime === undefined ? {} : { startTime }),
      ...(endTime === undefined ? {} : { endTime }),
      ...(step.exitCode === undefined ? {} : { exitCode: step.exitCode }),
    };
  });
  const { substitutions = {} } = build;
  const rows = steps
    .map((progress, index) => stepRow(build, index, progress, [fromMs, toMs, nowMs]))
    .join('');
  const detail =
    build.statusDetail === undefined ? '' : `<p class="detail">${escapeHtml(build.statusDetail)}</p>`;
  const images = (build.results?.images ?? []).map(({ name, digest }) => `${name}@${digest}`).join('\n');
  return (
    `<h1>${pill(build.status)} ${escapeHtml(substitutions.TRIGGER_NAME ?? 'Build')} <code>${escapeHtml(build.id.slice(0, 8))}</code></h1>${detail}<dl>` +
    fact('Repository', substitutions.REPO_FULL_NAME) +
    fact(
      substitutions.TAG_NAME === undefined ? 'Branch' : 'Tag',
      substitutions.TAG_NAME ?? substitutions.BRANCH_NAME,
    ) +
    fact('Commit', substitutions.COMMIT_SHA) +
    fact('Created', build.createTime) +
    fact('Duration', build.startTime === undefined ? undefined : spokenDuration(toMs - fromMs)) +
    fact('Images', images) +
    `</dl><table><thead><tr><th>Step</th><th>Status</th><th>Timeline</th><th>Time</th></tr></thead><tbody>${rows}</tbody></table>`
  );
}

const style = `
:root{color-scheme:light dark;--bg:#f7f8fa;--card:#fff;--ink:#1c2330;--dim:#5d6778;--line:#dfe3ea;--good:#16794a;--bad:#c02b2b;--busy:#1f5fbf;--calm:#7a8496}
@media (prefers-color-scheme:dark){:root{--bg:#11151c;--card:#1a2029;--ink:#e4e8ef;--dim:#97a2b4;--line:#2c3542;--good:#4cc38a;--bad:#ff7b72;--busy:#6ea8fe;--calm:#8b95a7}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:2rem 1.25rem;display:grid;gap:1.25rem}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.25rem;overflow-x:auto}
h1{margin:0;font-size:1.35rem;display:flex;flex-wrap:wrap;gap:.6rem;align-items:center}h1 code{color:var(--dim);font-size:1rem}
.pill{border:1px solid currentColor;border-radius:99px;padding:.05rem .65rem;font-size:.8rem;font-weight:600;white-space:nowrap}
.pill.good{color:var(--good)}.pill.bad{color:var(--bad)}.pill.busy{color:var(--busy)}.pill.calm{color:var(--calm)}
.detail{color:var(--bad);margin:.75rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0}dt{color:var(--dim);font-size:.78rem}dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}th{text-align:left;color:var(--dim);font-size:.78rem;font-weight:500}
td,th{padding:.45rem .75rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:middle}small{display:block;color:var(--dim)}
.track{width:40%;min-width:10rem}.track div{position:relative;height:.7rem;background:var(--bg);border-radius:99px;overflow:hidden}
.track i{position:absolute;top:0;bottom:0;border-radius:99px}i.good{background:var(--good)}i.bad{background:var(--bad)}i.busy{background:var(--busy)}i.calm{background:var(--calm)}
.time{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
pre{margin:0;font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,monospace;white-space:pre-wrap;overflow-wrap:anywhere}a{color:var(--busy)}
h2{margin:0 0 .75rem;font-size:1rem;display:flex;justify-content:space-between}`;

/**
 * Follows the log, line by line, and asks for the summary as long as the build runs. Only text goes into the log, and links
 * to the web addresses in it.
 */
const script = `
const id=document.body.dataset.build,log=document.getElementById('log'),summary=document.getElementById('summary');
async function refresh(){const answer=await fetch('/cloud-build/progress/'+id);if(!answer.ok)return true;
summary.innerHTML=await answer.text();return answer.headers.get('x-build-ended')==='true'}
async function watch(){for(;;){if(await refresh().catch(()=>false))return;await new Promise(done=>setTimeout(done,1000))}}
async function follow(){const answer=await fetch('/cloud-build/logs/'+id+'?follow=1');
const reader=answer.body.pipeThrough(new TextDecoderStream()).getReader();
let rest='';for(;;){const{done,value=''}=await reader.read();rest+=value;const end=done?rest.length:rest.lastIndexOf('\\n')+1;
const atEnd=innerHeight+scrollY>=document.body.scrollHeight-40;show(rest.slice(0,end));rest=rest.slice(end);
if(atEnd)scrollTo(0,document.body.scrollHeight);if(done)return}}
function show(text){let from=0;for(const found of text.matchAll(/https?:\\/\\/[^\\s<>"']*[\\w\\/]/g)){const link=document.createElement('a');
link.href=link.textContent=found[0];log.append(text.slice(from,found.index),link);from=found.index+found[0].length}log.append(text.slice(from))}
follow().catch(()=>{});watch();`;

/** The page behind a build's `logUrl`: no file but itself is loaded. `nonce` is that of its content security policy. */
export function buildPage(build: Build, summary: string, nonce: string): string {
  const title = escapeHtml(
    `${words[build.status] ?? build.status} · ${build.substitutions?.TRIGGER_NAME ?? 'Build'} ${build.id.slice(0, 8)}`,
  );
  const logPath = `/cloud-build/logs/${encodeURIComponent(build.id)}`;
  const live = hasEnded(build.status) ? '' : '<small>live</small>';
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
    `<title>${title}</title><style>${style}</style></head><body data-build="${escapeHtml(build.id)}"><main>` +
    `<section id="summary">${summary}</section><section><h2>Log ${live}<a href="${logPath}">as text</a></h2><pre id="log"></pre></section>` +
    `</main><script nonce="${nonce}">${script}</script></body></html>`
  );
}
