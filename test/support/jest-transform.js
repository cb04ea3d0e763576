import { transformSync } from 'esbuild';

/** Strips types and keeps line numbers (inline source maps), nothing else. */
export default {
  process(source, path) {
    const { code } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node24',
      sourcefile: path,
      sourcemap: 'inline',
      sourcesContent: false,
    });
    return { code };
  },
};
