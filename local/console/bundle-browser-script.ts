import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The script of a page out of `browser/<name>.js` and what it imports, as one text that may stand in a `<script>`. */
export async function bundleBrowserScript(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`browser/${name}.js`, import.meta.url))],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    write: false,
    logLevel: 'silent',
  });
  const [script] = outputFiles;
  if (!script) throw new Error(`esbuild made no bundle of browser/${name}.js`);
  return script.text;
}
