/* global document, history, location, URLSearchParams, addEventListener */
import { ApiFailure } from './api.ts';
import { newestEntries } from './collections.ts';
import { el, show } from './dom.js';
import { entryView } from './entry-view.ts';
import { logsPath } from './formats.ts';
import { poll } from './poll.js';

const place = { origin: '', ...document.body.dataset };
const main = document.getElementById('logs');

const presets = [
  ['Everything', ''],
  ['Errors', 'severity>=ERROR'],
  ['Warnings', 'severity>=WARNING'],
  ['Requests', 'log_id("run.googleapis.com/requests")'],
  ['Builds', 'resource.type="build"'],
  ['Functions', 'labels.goog-managed-by="cloudfunctions"'],
  ['Audit', 'protoPayload.methodName:*'],
];

const queryOfPage = () => new URLSearchParams(location.search).get('query') ?? '';

const box = el('textarea', {
  id: 'query',
  name: 'query',
  rows: '1',
  spellcheck: 'false',
  autocomplete: 'off',
  autocapitalize: 'off',
  placeholder: 'A Logging query, such as severity>=WARNING',
  'aria-label': 'Logging query',
});
const pause = el('button', { type: 'button', class: 'quiet', 'aria-pressed': 'false' }, 'Pause');
const form = el('form', { action: '/console/logs', class: 'search' }, box, el('button', {}, 'Search'), pause);
const shortcuts = el('nav', { class: 'presets', 'aria-label': 'Queries' });
const failure = el('div', { role: 'alert' });
const list = el('ol', { class: 'panel entries' });
const end = el('p', { class: 'dim empty' });
main.replaceChildren(form, shortcuts, failure, list, end);

/** The whole entry, written only when somebody looks: two hundred of them at once are slow. */
function fillWhenOpened(details, entry, message) {
  details.addEventListener('toggle', () => {
    const body = details.lastElementChild;
    if (!details.open || body.hasChildNodes()) return;
    if (message.includes('\n')) body.append(el('pre', {}, message));
    body.append(el('pre', {}, JSON.stringify(entry, undefined, 2)));
  });
}

function entryRow(entry) {
  const { key, timestamp, severity, tone, source, log, message } = entryView(entry);
  const date = new Date(timestamp);
  const clock = `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  const isToday = date.toDateString() === new Date().toDateString();
  const details = el(
    'details',
    { key: 'entry' },
    el(
      'summary',
      {},
      el(
        'time',
        { datetime: timestamp, title: timestamp },
        isToday ? clock : `${date.toLocaleDateString('en-CA')} ${clock}`,
      ),
      el('span', { class: `severity ${tone}` }, severity),
      el(
        'span',
        { class: 'source', title: `${source} · ${log}` },
        el('b', {}, source),
        el('span', { class: 'dim' }, ` ${log}`),
      ),
      el('span', { class: 'message' }, message.split('\n', 1)[0] ?? ''),
    ),
    el('div', { class: 'whole', 'data-own': 'children' }),
  );
  fillWhenOpened(details, entry, message);
  return el('li', { key, class: tone }, details);
}

function fitBox() {
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight + 2}px`;
}

function showQuery() {
  box.value = queryOfPage();
  fitBox();
  show(
    shortcuts,
    ...presets.map(([title, query]) =>
      el('a', { href: logsPath(query), 'aria-current': query === queryOfPage() ? 'true' : undefined }, title),
    ),
  );
}

/** An entry never changes, so what is shown already is not made again. */
const rows = new Map();

function showEntries(entries) {
  const wanted = entries.map((entry) => {
    const { key } = entryView(entry);
    const row = rows.get(key) ?? entryRow(entry);
    return [key, row];
  });
  rows.clear();
  for (const [key, row] of wanted) rows.set(key, row);
  let before = list.firstChild;
  for (const row of rows.values()) {
    if (row === before) before = before.nextSibling;
    else list.insertBefore(row, before);
  }
  while (before !== null) {
    const next = before.nextSibling;
    before.remove();
    before = next;
  }
  end.textContent =
    rows.size === 0
      ? 'No entry passes this query.'
      : rows.size < 200
        ? ''
        : 'The newest 200 entries. Narrow the query to see older ones.';
}

async function refresh() {
  const query = queryOfPage();
  try {
    const entries = await newestEntries(place, query);
    // A search that was begun meanwhile asks again.
    if (query !== queryOfPage()) return { tone: 'busy', text: 'Searching' };
    failure.replaceChildren();
    document.body.classList.remove('stale');
    showEntries(entries);
    return { tone: 'good', text: 'Live' };
  } catch (error) {
    if (query !== queryOfPage()) return { tone: 'busy', text: 'Searching' };
    if (!(error instanceof ApiFailure)) {
      document.body.classList.add('stale');
      return { tone: 'bad', text: `No answer from ${location.host}: is the local cloud running?` };
    }
    show(failure, el('pre', { class: 'reason' }, error.message));
    showEntries([]);
    end.textContent = '';
    return { tone: 'bad', text: 'The query was refused', isSettled: error.status === 400 };
  }
}

showQuery();
const polling = poll(refresh);

function search(query) {
  if (query !== queryOfPage()) history.pushState(null, '', query === '' ? '/console/logs' : logsPath(query));
  showQuery();
  polling.now();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  search(box.value.trim());
});
box.addEventListener('input', fitBox);
box.addEventListener('keydown', (event) => {
  // A query is one line most of the time; Shift makes another.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
shortcuts.addEventListener('click', (event) => {
  const chosen = event.target.closest('a');
  if (chosen === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  search(new URLSearchParams(chosen.search).get('query') ?? '');
});
addEventListener('popstate', () => {
  showQuery();
  polling.now();
});
pause.addEventListener('click', () => {
  const isPaused = pause.getAttribute('aria-pressed') !== 'true';
  pause.setAttribute('aria-pressed', String(isPaused));
  pause.textContent = isPaused ? 'Resume' : 'Pause';
  polling.pause(isPaused);
});
