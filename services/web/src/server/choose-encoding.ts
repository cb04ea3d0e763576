import type { Encoding } from './assets.ts';

/** The first of the offered encodings that the client accepts; undefined: as it is. */
export function chooseEncoding(acceptEncoding: string, offered: readonly Encoding[]): Encoding | undefined {
  const qualities = new Map(
    acceptEncoding.split(',').map((item) => {
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
      return [name, Number(quality)];
    }),
  );
  return offered.find((encoding) => (qualities.get(encoding) ?? qualities.get('*') ?? 0) > 0);
}
