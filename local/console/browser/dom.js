/* global document, location, Node */
import { safeHref } from './formats.ts';

/**
 * An element. Strings become text, never markup; `undefined` children and attributes are left out.
 * `key` tells siblings apart when the page is brought up to date.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name === 'key') element.dataset.key = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== ''));
  return element;
}

/** A link where the address is one of http(s), else only its text. */
export function link(address, text, attributes = {}) {
  const href = safeHref(address, location.origin);
  return href === undefined ? el('span', attributes, text) : el('a', { ...attributes, href }, text);
}

/** Text in which addresses are links. */
export const linked = (text) =>
  text.split(/(https?:\/\/\S+)/).map((part, index) => (index % 2 === 1 ? link(part, part) : part));

export const pill = (tone, text) => el('span', { class: `pill ${tone}` }, text);

function morphAttributes(from, to) {
  for (const { name } of [...from.attributes]) {
    if (name === 'style') continue;
    // What a person has opened stays open.
    if (!to.hasAttribute(name) && !(name === 'open' && from.tagName === 'DETAILS'))
      from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (name !== 'style' && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

const isSame = (from, to) =>
  from.nodeName === to.nodeName &&
  (from.nodeType !== Node.ELEMENT_NODE || from.dataset.key === to.dataset.key);

/** Makes the children of `from` those of `to`, and keeps the nodes that stay: with focus, selection and what is open. */
export function morphChildren(from, to) {
  const keyed = new Map(
    [...from.children]
      .filter((child) => child.dataset.key !== undefined)
      .map((child) => [child.dataset.key, child]),
  );
  let place = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const known = wanted.nodeType === Node.ELEMENT_NODE ? keyed.get(wanted.dataset.key) : undefined;
    const kept =
      known !== undefined && isSame(known, wanted)
        ? known
        : place !== null && isSame(place, wanted)
          ? place
          : undefined;
    if (kept === undefined) {
      from.insertBefore(wanted, place);
      continue;
    }
    if (kept === place) place = place.nextSibling;
    else from.insertBefore(kept, place);
    if (kept.nodeType === Node.TEXT_NODE) {
      if (kept.data !== wanted.data) kept.data = wanted.data;
    } else {
      morphAttributes(kept, wanted);
      // As a property: the security policy refuses style attributes.
      if (wanted.style.cssText !== kept.style.cssText) kept.style.cssText = wanted.style.cssText;
      if (kept.dataset.own !== 'children') morphChildren(kept, wanted);
    }
  }
  while (place !== null) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** Brings `container` up to date with `children`. */
export function show(container, ...children) {
  morphChildren(container, el('div', {}, ...children));
}
