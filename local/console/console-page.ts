export type ConsoleView = 'overview' | 'logs';

export interface ConsolePage {
  readonly view: ConsoleView;
  readonly projectId: string;
  readonly region: string;
  readonly style: string;
  readonly script: string;
  /** Of the content security policy the page is sent with. */
  readonly nonce: string;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

const views: Readonly<Record<ConsoleView, { readonly title: string; readonly path: string }>> = {
  overview: { title: 'Overview', path: '/' },
  logs: { title: 'Logs', path: '/console/logs' },
};

/** Inline, so that a browser does not ask for /favicon.ico. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1f5fbf"/><path d="M7 22h18M9 18l14-8v8z" stroke="#fff" stroke-width="2.6" fill="none" stroke-linejoin="round" stroke-linecap="round"/></svg>',
)}`;

/** A page of the console without its data, which its script fetches. It loads no file but itself. */
export function consolePage({ view, projectId, region, style, script, nonce }: ConsolePage): string {
  const project = escapeHtml(projectId);
  const links = Object.entries(views).map(
    ([name, { title, path }]) =>
      `<a href="${path}"${name === view ? ' aria-current="page"' : ''}>${title}</a>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${views[view].title} · ${project} · local cloud</title>
<link rel="icon" href="${escapeHtml(icon)}">
<style nonce="${nonce}">
${style}</style>
</head>
<body data-project="${project}" data-region="${escapeHtml(region)}">
<header>
<div class="brand"><img src="${escapeHtml(icon)}" alt="" width="28" height="28"><div><b>Local cloud</b><span class="dim">${project} · ${escapeHtml(region)}</span></div></div>
<nav aria-label="Views">${links.join('')}</nav>
<div id="live" class="live" role="status">Connecting</div>
</header>
<main id="${view}"><noscript>This page reads the local cloud's APIs with JavaScript, which is switched off.</noscript></main>
<script nonce="${nonce}">
${script}</script>
</body>
</html>
`;
}
