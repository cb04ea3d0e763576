/** A text as the value of an attribute in XML. */
export const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // XML has no way to write most control characters.
    .replaceAll(/[^\P{Cc}\t\n]/gu, '�');
