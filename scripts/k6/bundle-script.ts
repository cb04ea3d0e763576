import { build, transform, type BuildFailure, type Plugin } from 'esbuild';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { exitCode, notSupported, TestError } from './exit-code.ts';
import { moduleNames, type ModuleName } from './module-names.ts';

export interface BundledScript {
  readonly code: string;
  readonly sourceMap: string;
}

const isModule = (name: string): name is ModuleName => name in moduleNames;

/**
 * Puts a script and the files it imports into one, with our modules in the place of k6's. Throws TestError when it cannot
 * be read (107), or imports or uses of them what this runner has not got (104).
 */
export async function bundleScript(file: string): Promise<BundledScript> {
  if (!existsSync(file)) throw new TestError(exitCode.scriptException, `there is no script ${file}`);
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: process.cwd(),
      bundle: true,
      write: false,
      outdir: process.cwd(),
      sourcemap: 'external',
      sourcesContent: false,
      format: 'iife',
      globalName: '__script',
      platform: 'neutral',
      target: 'es2023',
      logLevel: 'silent',
      plugins: [k6Modules],
    });
    const text = (ending: string): string =>
      outputFiles.find((each) => each.path.endsWith(ending))?.text ?? '';
    return { code: text('.js'), sourceMap: text('.map') };
  } catch (cause) {
    if (!(cause instanceof Error && 'errors' in cause)) throw cause;
    const { errors } = cause as BuildFailure;
    const found: unknown = errors
      .map(({ detail }) => detail as unknown)
      .find((each) => each instanceof TestError);
    if (found instanceof TestError) throw found;
    const lines = errors.map(({ text: what, location }) =>
      location ? `${location.file}:${location.line}:${location.column + 1}: ${what}` : what,
    );
    // Named imports of what a module has not got: "No matching export in "k6:k6/http" for import "batch"".
    const missing = errors.every(({ text: what }) => what.startsWith('No matching export in "k6:'));
    throw new TestError(missing ? exitCode.invalidConfig : exitCode.scriptException, lines.join('\n'), {
      cause,
    });
  }
}

const k6Modules: Plugin = {
  name: 'k6-modules',
  setup({ onResolve, onLoad }) {
    const refuse = (error: TestError): { errors: { text: string; detail: TestError }[] } => ({
      errors: [{ text: error.message, detail: error }],
    });
    onResolve({ filter: /.*/ }, (asked) => {
      if (asked.kind === 'entry-point') return undefined;
      if (isModule(asked.path)) return { path: asked.path, namespace: 'k6' };
      if (!/^\.{0,2}\//.test(asked.path))
        return refuse(notSupported(`${show(asked.importer)}: the import of ${JSON.stringify(asked.path)}`));
      // k6 does not guess endings, as Node does not.
      const file = path.resolve(asked.resolveDir, asked.path);
      return existsSync(file)
        ? { path: file }
        : refuse(
            new TestError(
              exitCode.scriptException,
              `${show(asked.importer)}: there is no file ${asked.path}`,
            ),
          );
    });
    onLoad({ filter: /.*/, namespace: 'k6' }, ({ path: name }) =>
      isModule(name) ? { contents: moduleSource(name), loader: 'js' } : undefined,
    );
    onLoad({ filter: /\.[mc]?[jt]s$/, namespace: 'file' }, async ({ path: file }) => {
      const contents = await readFile(file, 'utf8');
      const unknown = await unknownMembers(contents);
      if (unknown.length > 0) return refuse(notSupported(`${show(file)}: ${unknown.join(', ')}`));
      return { contents, loader: /\.[mc]?ts$/.test(file) ? 'ts' : 'js' };
    });
  },
};

const show = (file: string): string => path.relative(process.cwd(), file);

/** Named exports, and a default whose unknown members are errors instead of undefined. */
function moduleSource(name: ModuleName): string {
  const from = `globalThis.__k6[${JSON.stringify(name)}]`;
  return `
    export const { ${moduleNames[name].join(', ')} } = ${from};
    export default new Proxy(${from}, {
      get(target, key) {
        if (typeof key === 'string' && !(key in target)) globalThis.__k6.refuse(key + ' of ' + ${JSON.stringify(name)});
        return target[key];
      },
    });`;
}

/** `http.batch`, where `http` is the default import of k6/http: what the named imports tell esbuild, for the others. */
async function unknownMembers(source: string): Promise<string[]> {
  // Without comments and types; a source that cannot be read is esbuild's to report.
  const code = await transform(source, { loader: 'ts', minifyWhitespace: true }).then(
    (result) => result.code,
    () => '',
  );
  const imports = code.matchAll(/import(?:\*as )? ?([\w$]+)(?:,[^;]*?)? ?from"(k6[^"]*)"/g);
  return [...imports].flatMap(([, local = '', module = '']) => {
    if (!isModule(module)) return [];
    const known: readonly string[] = moduleNames[module];
    const used = code.matchAll(new RegExp(`(?<![\\w$.])${local.replaceAll('$', '\\$')}\\.([\\w$]+)`, 'g'));
    const members = [...used].map(([, member = '']) => member).filter((member) => !known.includes(member));
    return [...new Set(members)].map((member) => `${member} of ${module}`);
  });
}
