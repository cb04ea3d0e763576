/** An element of an XML document: as much of XML as reports of test runners use. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All text in it, but for that of its children. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const decode = (text: string): string =>
  text.replaceAll(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g,
    (whole: string, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );

/** In order: comment, CDATA, declaration, closing tag, opening tag (a value may hold a bare `>`), text. */
const token =
  /<!--[^]*?-->|<!\[CDATA\[(?<cdata>[^]*?)\]\]>|<[?!][^>]*>|<\/(?<close>[^\s>]+)\s*>|<(?<open>[^\s/>!?]+)(?<attributes>(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(?<empty>\/?)>|(?<text>[^<]+)/y;

function readAttributes(text: string): Record<string, string> {
  const pairs = text.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return Object.fromEntries([...pairs].map(([, name = '', a, b]) => [name, decode(a ?? b ?? '')]));
}

/** The root element. Throws with the line when the text is not well-formed. */
export function parseXml(source: string): XmlElement {
  const document: OpenElement = { name: '', attributes: {}, children: [], text: '' };
  const open: OpenElement[] = [document];
  const matcher = new RegExp(token);
  const refuse = (what: string, at: number): Error =>
    new Error(`line ${source.slice(0, at).split('\n').length}: ${what}`);

  for (let at = 0; at < source.length; at = matcher.lastIndex) {
    matcher.lastIndex = at;
    const groups = matcher.exec(source)?.groups;
    const current = open.at(-1) ?? document;
    if (matcher.lastIndex === 0) throw refuse('this is no XML', at);
    if (groups?.open !== undefined) {
      const element = {
        name: groups.open,
        attributes: readAttributes(groups.attributes ?? ''),
        children: [],
        text: '',
      };
      current.children.push(element);
      if (groups.empty === '') open.push(element);
    } else if (groups?.close !== undefined) {
      if (open.length < 2 || current.name !== groups.close)
        throw refuse(`</${groups.close}> closes nothing`, at);
      open.pop();
    } else {
      current.text += groups?.cdata ?? decode(groups?.text ?? '');
    }
  }
  const [, unclosed] = open;
  if (unclosed) throw refuse(`<${unclosed.name}> is not closed`, source.length);
  const [root] = document.children;
  if (!root) throw refuse('there is no element', 0);
  return root;
}
