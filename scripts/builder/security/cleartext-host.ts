/** Names that lead nowhere, or no further than this machine and the platform around it. */
const nearby =
  /^(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|169\.254(?:\.\d+){2}|\[::1?\]|.*\.(?:localhost|internal|local|test|invalid|example))$|(?:^|\.)example\.(?:com|net|org)$/;

/**
 * The host of an address that is asked without encryption, where that crosses a network: not on this machine, not a
 * name without a dot. `goesOn`: more follows, so that a host may not be all there.
 */
export function cleartextHost(address: string, goesOn: boolean): string | undefined {
  const [, authority = '', end = ''] = /^(?:http|ws|ftp):\/\/([^/?#]*)([/?#]?)/i.exec(address) ?? [];
  if (goesOn && end === '') return undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  return host.includes('.') && !nearby.test(host.toLowerCase()) ? host : undefined;
}
