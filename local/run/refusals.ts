/** An answer that Cloud Run's front end gives itself. */
export interface Refusal {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** What the request's log entry says. */
  readonly note: string;
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const plain = (status: number, body: string, note: string): Refusal => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${body}\n`,
  note,
});

export const forbidden = (url: string): Refusal => ({
  status: 403,
  contentType: 'text/html; charset=UTF-8',
  body: `<html><head>
<meta http-equiv="content-type" content="text/html;charset=utf-8">
<title>403 Forbidden</title>
</head>
<body text=#000000 bgcolor=#ffffff>
<h1>Error: Forbidden</h1>
<h2>Your client does not have permission to get URL <code>${escapeHtml(url.split('?')[0] ?? '/')}</code> from this server.</h2>
<h2></h2>
</body></html>
`,
  note: 'The request was not authenticated. Either allow unauthenticated invocations or set the proper Authorization header. Read more at https://cloud.google.com/run/docs/securing/authenticating',
});

export const noRevision = (service: string): Refusal =>
  plain(
    503,
    `Service Unavailable: the service ${service} has no ready revision that serves traffic.`,
    'The request was aborted because the service has no ready revision.',
  );

export const noInstance = (revision: string, why: string): Refusal =>
  plain(
    503,
    `Service Unavailable: no instance of the revision ${revision} could be started. ${why}`,
    'The request was aborted because there was no available instance.',
  );

export const connectionError = (revision: string): Refusal =>
  plain(
    503,
    `Service Unavailable: the instance of the revision ${revision} closed the connection or answered with malformed HTTP.`,
    'The request failed because either the HTTP response was malformed or connection to the instance had an error.',
  );

export const timedOut = (): Refusal =>
  plain(
    504,
    'upstream request timeout',
    'The request has been terminated because it has reached the maximum request timeout. To change this limit, see https://cloud.google.com/run/docs/configuring/request-timeout',
  );
