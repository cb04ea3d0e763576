/* global document, location */
import { alertView } from './alert-view.ts';
import { ApiFailure } from './api.ts';
import { buildView } from './build-view.ts';
import { collections } from './collections.ts';
import { el, link, linked, pill, show } from './dom.js';
import { shortName, spokenAge, spokenDuration } from './formats.ts';
import { functionView } from './function-view.ts';
import { poll } from './poll.js';
import { serviceView } from './service-view.ts';

const place = { origin: '', ...document.body.dataset };
const main = document.getElementById('overview');

const note = (text) => el('p', { class: 'dim empty' }, text);
const reasonBox = (text) =>
  text === undefined ? undefined : el('pre', { class: 'reason' }, ...linked(text));

function section(title, count, className, ...children) {
  const number = count === undefined ? undefined : el('span', { class: 'count' }, String(count));
  return el('section', { key: title, class: className }, el('h2', {}, title, number), ...children);
}

function trafficBar(traffic) {
  const parts = traffic.map(({ revision, percent }, index) => {
    const part = el('i', {
      key: revision,
      class: `share share-${index % 4}`,
      title: `${percent} % ${revision}`,
    });
    part.style.width = `${percent}%`;
    return part;
  });
  const text = traffic.map(({ revision, percent }) => `${percent} % ${revision}`).join(', ');
  return el('div', { class: 'bar', role: 'img', 'aria-label': `Traffic: ${text}` }, ...parts);
}

function trafficOf({ traffic, pendingRevision }) {
  const rows = traffic.map(({ revision, percent }, index) =>
    el(
      'li',
      { key: revision },
      el('i', { class: `dot share-${index % 4}` }),
      el('code', {}, revision),
      el('b', {}, `${percent} %`),
    ),
  );
  if (pendingRevision !== undefined && !traffic.some(({ revision }) => revision === pendingRevision))
    rows.push(
      el('li', { class: 'dim' }, el('i', { class: 'dot' }), el('code', {}, pendingRevision), 'not ready'),
    );
  return [
    traffic.length === 0 ? undefined : trafficBar(traffic),
    rows.length === 0 ? note('No revision gets traffic.') : el('ul', { class: 'shares' }, ...rows),
  ];
}

function tagsOf({ tags }) {
  if (tags.length === 0) return undefined;
  const rows = tags.map(({ tag, revision, uri }) =>
    el('li', { key: tag }, link(uri, tag), el('code', { class: 'dim' }, revision)),
  );
  const title = tags.length === 1 ? '1 tag' : `${tags.length} tags`;
  return el('details', { class: 'tags' }, el('summary', {}, title), el('ul', {}, ...rows));
}

function serviceCard(view, nowMs) {
  const age = view.updateTime === undefined ? '' : spokenAge(nowMs - Date.parse(view.updateTime));
  return el(
    'article',
    { key: view.name, class: 'card' },
    el('h3', {}, el('span', {}, view.name), pill(view.tone, view.state)),
    view.uri === undefined ? undefined : el('p', {}, link(view.uri, view.uri.replace(/^https?:\/\//, ''))),
    reasonBox(view.reason),
    ...trafficOf(view),
    tagsOf(view),
    el(
      'footer',
      {},
      el('span', { class: 'dim' }, age === '' ? '' : `changed ${age}`),
      link(view.logs, 'Logs'),
    ),
  );
}

const services = (list, nowMs) =>
  section(
    'Services',
    list.length,
    '',
    list.length === 0
      ? note('No Cloud Run service yet: the first release makes one.')
      : el('div', { class: 'cards' }, ...list.map((service) => serviceCard(serviceView(service), nowMs))),
  );

function buildRow(view) {
  const { id, title, service, state, tone, detail, ref, commit, durationMs, ageMs, logUrl } = view;
  return el(
    'li',
    { key: id },
    el('div', { class: 'state' }, pill(tone, state)),
    el(
      'div',
      { class: 'what' },
      el('b', {}, title),
      service === undefined || title.includes(service)
        ? undefined
        : el('span', { class: 'dim' }, ` ${service}`),
      detail === undefined ? undefined : el('div', { class: 'why' }, detail),
    ),
    el(
      'div',
      { class: 'from' },
      ref === undefined ? undefined : el('span', { class: 'ref' }, ref),
      commit === undefined ? undefined : link(commit.path, el('code', {}, commit.short)),
    ),
    el('div', { class: 'time' }, durationMs === undefined ? '' : spokenDuration(durationMs)),
    el('div', { class: 'age dim' }, spokenAge(ageMs)),
    el('div', { class: 'log' }, link(logUrl, 'Log', { 'aria-label': `Log of build ${id.slice(0, 8)}` })),
  );
}

const builds = (list, nowMs) =>
  section(
    'Latest builds',
    undefined,
    '',
    list.length === 0
      ? note('No build yet: push a commit.')
      : el('ul', { class: 'panel builds' }, ...list.map((build) => buildRow(buildView(build, nowMs)))),
  );

function functionRow({ name, state, tone, reason, logs }) {
  return el(
    'li',
    { key: name },
    el('div', { class: 'line' }, link(logs, name), pill(tone, state)),
    reasonBox(reason),
  );
}

const functions = (list) =>
  section(
    'Functions',
    list.length,
    '',
    list.length === 0
      ? note('No function is deployed.')
      : el('ul', { class: 'panel' }, ...list.map((one) => functionRow(functionView(one)))),
  );

function alertRow({ name, title, source, ageMs, logs }) {
  return el(
    'li',
    { key: name },
    el('div', { class: 'line' }, link(logs, title), pill('bad', 'Open')),
    el('div', { class: 'dim' }, [source, ageMs === undefined ? '' : spokenAge(ageMs)].join(' ').trim()),
  );
}

const alerts = (list, nowMs) =>
  section(
    'Alerts',
    list.length,
    '',
    list.length === 0
      ? note('No alert is open.')
      : el('ul', { class: 'panel' }, ...list.map((alert) => alertRow(alertView(alert, nowMs)))),
  );

const names = (title, list, empty) =>
  section(
    title,
    list.length,
    '',
    list.length === 0
      ? note(empty)
      : el(
          'ul',
          { class: 'panel names' },
          ...list.map(({ name }) => el('li', { key: name }, el('code', {}, shortName(name)))),
        ),
  );

/** Each part is drawn from a list of its own, so that one that fails says so in its own place. */
const parts = [
  { title: 'Services', read: collections.services, draw: services },
  { title: 'Latest builds', read: collections.builds, draw: builds },
  { title: 'Alerts', read: collections.alerts, draw: alerts },
  { title: 'Functions', read: collections.functions, draw: functions },
  {
    title: 'Pub/Sub subscriptions',
    read: collections.subscriptions,
    draw: (list) => names('Pub/Sub subscriptions', list, 'No subscription.'),
  },
  {
    title: 'Secrets',
    read: collections.secrets,
    draw: (list) => names('Secrets', list, 'No secret.'),
  },
];

/** What was read last, for as long as the local cloud does not answer. */
const lastRead = new Map();

async function readPart({ title, read }) {
  try {
    lastRead.set(title, { list: await read(place) });
    return true;
  } catch (error) {
    // No answer at all: what was there is still the best there is to show.
    if (!(error instanceof ApiFailure)) return false;
    lastRead.set(title, { error: error.message });
    return true;
  }
}

function drawPart({ title, draw }, nowMs) {
  const found = lastRead.get(title);
  if (found === undefined) return section(title, undefined, '', note('Reading'));
  if (found.error !== undefined) return section(title, undefined, '', reasonBox(found.error));
  return draw(found.list, nowMs);
}

function draw() {
  const nowMs = Date.now();
  const [first, second, ...others] = parts.map((part) => drawPart(part, nowMs));
  show(main, first, el('div', { class: 'columns' }, second, el('div', { class: 'side' }, ...others)));
}

poll(async () => {
  const answered = await Promise.all(parts.map(readPart));
  draw();
  const isUp = answered.every(Boolean);
  document.body.classList.toggle('stale', !isUp);
  return isUp
    ? { tone: 'good', text: 'Live' }
    : { tone: 'bad', text: `No answer from ${location.host}: is the local cloud running?` };
});
