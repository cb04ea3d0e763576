import type { Commit, CommitFile } from './commits.ts';
import type { Repository } from './repositories.ts';
import { combinedState, type CommitStatus, type StatusState } from './statuses.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

const marks: Readonly<Record<StatusState, { sign: string; word: string }>> = {
  success: { sign: '✓', word: 'passed' },
  failure: { sign: '✕', word: 'failed' },
  error: { sign: '!', word: 'error' },
  pending: { sign: '●', word: 'under way' },
};

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #d9dee4; --card: #fff; --page: #f5f7f9;
  --link: #0b5cad; --success: #18794e; --failure: #c62a2f; --pending: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaef; --soft: #97a3b0; --line: #2c343d; --card: #171c22;
  --page: #0f1317; --link: #6cb2ff; --success: #4cc38a; --failure: #ff7b7f; --pending: #e0b343; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: .25rem 0; overflow-wrap: anywhere; }
h2 { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 2rem 0 .5rem; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
code, pre { font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .75rem 0; color: var(--soft); }
ul { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
li { display: flex; gap: .75rem; align-items: baseline; padding: .6rem .9rem; border-top: 1px solid var(--line); }
li:first-child { border-top: 0; }
li > :nth-child(2) { flex: 1; min-width: 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .sign { width: 1.2em; text-align: center; font-weight: 700; }
.success { color: var(--success); } .failure, .error { color: var(--failure); } .pending { color: var(--pending); }
.badge { border: 1px solid currentColor; border-radius: 999px; padding: .05rem .6rem; font-size: .8rem; font-weight: 600; }
`;

function statusItem(status: CommitStatus): string {
  const { sign, word } = marks[status.state];
  const name = escapeHtml(status.context);
  const described = status.description === null ? word : escapeHtml(status.description);
  const link = status.targetUrl === null ? '' : `<a href="${escapeHtml(status.targetUrl)}">Details</a>`;
  return `<li><span class="sign ${status.state}" title="${word}">${sign}</span><span><strong>${name}</strong> <span class="soft">${described}</span></span>${link}</li>`;
}

function fileItem(file: CommitFile): string {
  const from = file.previousFilename === undefined ? '' : `${escapeHtml(file.previousFilename)} → `;
  return `<li><span class="soft">${file.status}</span><code>${from}${escapeHtml(file.filename)}</code><span><span class="success">+${file.additions}</span> <span class="failure">−${file.deletions}</span></span></li>`;
}

/** Where people look what became of their commit. Reloads itself while something is under way; loads nothing else. */
export function commitPage(
  repository: Repository,
  commit: Commit,
  files: readonly CommitFile[],
  latest: readonly CommitStatus[],
): string {
  const [subject = '', ...body] = commit.message.split('\n');
  const state = combinedState(latest);
  const badge = latest.length === 0 ? 'no status yet' : marks[state].word;
  const text = body.join('\n').trim();
  const byContext = latest.toSorted((a, b) => a.context.localeCompare(b.context, 'en'));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${state === 'pending' ? '<meta http-equiv="refresh" content="2">\n' : ''}<title>${escapeHtml(subject)} · ${repository.owner}/${repository.name}@${commit.sha.slice(0, 7)}</title>
<style>${style}</style>
</head>
<body>
<main>
<div class="soft">${repository.owner}/<strong>${repository.name}</strong></div>
<h1>${escapeHtml(subject)} <span class="badge ${state}">${badge}</span></h1>
<div class="soft">${escapeHtml(commit.author.name)} · <time datetime="${commit.author.date}">${commit.author.date.replace('T', ' ').replace('Z', ' UTC')}</time> · <code>${commit.sha}</code></div>
${text === '' ? '' : `<pre>${escapeHtml(text)}</pre>`}
<h2>Statuses</h2>
<ul>${byContext.length === 0 ? '<li><span></span><span class="soft">Nothing has reported on this commit yet.</span></li>' : byContext.map(statusItem).join('')}</ul>
<h2>Files</h2>
<ul>${files.length === 0 ? '<li><span></span><span class="soft">This commit changes no files.</span></li>' : files.map(fileItem).join('')}</ul>
</main>
</body>
</html>
`;
}
