/** A value shorter than this would mask half of any text. */
const shortestMasked = 4;
/** A line of a secret of several lines (a key file) is masked on its own too, when it is long enough to mean something. */
const shortestMaskedLine = 8;

interface Pattern {
  readonly text: string;
  readonly mask: string;
}

function formsOf(value: string): string[] {
  const trimmed = value.trim();
  const lines = trimmed.split(/\r?\n/).filter((line) => line.length >= shortestMaskedLine);
  const base64 = [value, trimmed].map((each) => Buffer.from(each).toString('base64').replace(/=+$/, ''));
  const urlSafe = base64.map((each) => each.replaceAll('+', '-').replaceAll('/', '_'));
  return [value, trimmed, ...base64, ...urlSafe, ...(lines.length > 1 ? lines : [])];
}

/** Takes secret values out of a stream of text. */
export interface SecretMasker {
  /** The masked text so far; what may be the beginning of a secret is held back until the next chunk. */
  push(chunk: string): string;
  /** What was held back, when nothing follows any more. */
  flush(): string;
}

/** Masks the values of `secrets` (by their variable's name), plain or in base64, as `[secret NAME]`. */
export function createSecretMasker(secrets: Readonly<Record<string, string>>): SecretMasker {
  const patterns = Object.entries(secrets)
    .flatMap(([name, value]) => formsOf(value).map((text): Pattern => ({ text, mask: `[secret ${name}]` })))
    .filter(({ text }) => text.length >= shortestMasked)
    .sort((a, b) => b.text.length - a.text.length);
  let held = '';
  const mask = (final: boolean): string => {
    let result = '';
    let index = 0;
    while (index < held.length) {
      const left = held.length - index;
      // A longer secret may begin here and end in the next chunk: wait for it even if a shorter one fits already.
      if (!final && patterns.some(({ text }) => text.length > left && text.startsWith(held.slice(index))))
        break;
      const found = patterns.find(({ text }) => held.startsWith(text, index));
      result += found ? found.mask : held.charAt(index);
      index += found ? found.text.length : 1;
    }
    held = held.slice(index);
    return result;
  };
  return {
    push(chunk) {
      if (patterns.length === 0) return chunk;
      held += chunk;
      return mask(false);
    },
    flush: () => mask(true),
  };
}

/** A whole text with the secrets masked. */
export function maskSecrets(secrets: Readonly<Record<string, string>>, text: string): string {
  const masker = createSecretMasker(secrets);
  return masker.push(text) + masker.flush();
}
