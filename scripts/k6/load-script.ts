import { createContext, Script } from 'node:vm';
import { inspect } from 'node:util';
import type { Modules } from './module-names.ts';
import { bundleName } from './script-places.ts';

/** What the script finds around it besides JavaScript itself: as in k6, nothing of Node. */
export interface Surroundings {
  readonly vu: number;
  readonly env: Readonly<Record<string, string>>;
  readonly modules: (parseJson: (text: string) => unknown) => Modules;
  /** Ends the test: the script asks for what only k6 itself has. */
  readonly refuse: (what: string) => never;
  readonly log: (level: string, text: string) => void;
}

export interface LoadedScript {
  readonly exported: Readonly<Record<string, unknown>>;
  /** Sets what the script sees as `__ITER` and `__ENV`. */
  readonly prepare: (iteration: number, env: Readonly<Record<string, string>>) => void;
}

/** Runs the init context of a bundled script. Throws whatever it throws. */
export function loadScript(code: string, { vu, env, modules, refuse, log }: Surroundings): LoadedScript {
  const say =
    (level: string) =>
    (...parts: readonly unknown[]): void => {
      log(level, parts.map((part) => (typeof part === 'string' ? part : inspect(part))).join(' '));
    };
  const context = createContext({
    __VU: vu,
    __ITER: 0,
    __ENV: { ...env },
    console: {
      log: say('info'),
      info: say('info'),
      debug: say('debug'),
      warn: say('warning'),
      error: say('error'),
    },
  });
  const parseJson = new Script('JSON.parse').runInContext(context) as (text: string) => unknown;
  // Read by the modules that `bundleScript` puts in the place of k6's.
  context.__k6 = { ...modules(parseJson), refuse };
  new Script(code, { filename: bundleName }).runInContext(context);
  const exported = { ...(context.__script as Record<string, unknown>) };
  return {
    exported,
    prepare(iteration, scenarioEnv) {
      context.__ITER = iteration;
      context.__ENV = { ...env, ...scenarioEnv };
    },
  };
}
