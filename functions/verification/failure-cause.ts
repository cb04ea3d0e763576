import type { RevisionLog } from '../platform/cloud-logging.ts';

/**
 * Why a revision does not run, told from what Cloud Run and the container said. Only facts that cannot hold a secret are
 * taken out of the container's own lines: the name of a variable, a port, the class of an error, an exit code.
 */
export interface FailureCause {
  readonly kind: 'missing-variable' | 'crashed-at-start' | 'wrong-port' | 'never-listened' | 'not-started';
  readonly text: string;
}

const deathPatterns = [/Container called (exit)\((\d+)\)/, /Container terminated on (signal) (\d+)/];
/** How Cloud Run itself ends an instance that it no longer needs. */
const ordered = 'signal 15';
/** How an instance ends that has been told to: with traffic they come and go, which is no death. */
const obedient: ReadonlySet<string> = new Set(['exit 0', 'exit 143']);

const variableName = String.raw`["'\x60]?\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{3,})\b["'\x60]?`;
const missingVariable = [
  new RegExp(String.raw`environment variable:? ${variableName}`, 'i'),
  new RegExp(
    String.raw`${variableName} (?:is not set|is not defined|is undefined|is required|is missing|must be set|not set)`,
  ),
  new RegExp(
    String.raw`missing (?:required )?(?:env(?:ironment)? )?(?:var(?:iable)?s?)?:? ?${variableName}`,
    'i',
  ),
];
const errorClass = /\b((?:[A-Z][A-Za-z]*)?Error)(?: \[([A-Z][A-Z0-9_]+)\])?:/;
const listening = /listening (?:on|at)\D{0,40}?(?:\[?[\d.:a-f]*\]?:)?(\d{2,5})\b/i;
const askedPort = /PORT=(\d+)/;

function firstMatch(lines: readonly string[], patterns: readonly RegExp[]): RegExpExecArray | undefined {
  for (const line of lines) {
    for (const pattern of patterns) {
      const found = pattern.exec(line);
      // `i` would let a lower-case word pass for a variable's name.
      if (found?.[1] !== undefined && (patterns !== missingVariable || found[1] === found[1].toUpperCase()))
        return found;
    }
  }
  return undefined;
}

/**
 * How the container ended by itself, the last time it did since then: `exit 1`, `signal 9`; undefined when it has not.
 * `sinceMs`: since the epoch.
 */
export function death(log: RevisionLog, hasTraffic = false, sinceMs = 0): string | undefined {
  for (const { text, at } of log.system.toReversed()) {
    if (Date.parse(at) < sinceMs) continue;
    for (const pattern of deathPatterns) {
      const [, how, number] = pattern.exec(text) ?? [];
      if (how === undefined) continue;
      const end = `${how} ${number ?? ''}`;
      if (end !== ordered && !(hasTraffic && obedient.has(end))) return end;
    }
  }
  return undefined;
}

/** What the container's last lines tell of its end, if they do: the variable that it lacks, or the class of an error. */
export function lastWords({ container }: RevisionLog): string | undefined {
  const variable = firstMatch(container, missingVariable)?.[1];
  if (variable !== undefined) return `environment variable ${variable} is not set`;
  const error = firstMatch(container.toReversed(), [errorClass]);
  return error && `${error[1] ?? 'Error'}${error[2] === undefined ? '' : ` ${error[2]}`}`;
}

/** `message` is the revision's Ready condition, in Cloud Run's words. */
export function failureCause(message: string, log: RevisionLog): FailureCause {
  const end = death(log);
  const port = askedPort.exec(message)?.[1];
  if (end !== undefined) {
    const variable = firstMatch(log.container, missingVariable)?.[1];
    if (variable !== undefined) {
      return {
        kind: 'missing-variable',
        text: `crashed at start (${end}): environment variable ${variable} is not set`,
      };
    }
    const error = firstMatch(log.container, [errorClass]);
    const which = error ? `${error[1] ?? 'Error'}${error[2] === undefined ? '' : ` ${error[2]}`}, ` : '';
    return { kind: 'crashed-at-start', text: `crashed at start (${which}${end})` };
  }
  if (port === undefined)
    return { kind: 'not-started', text: `did not start: ${message.split(/(?<=\.)\s/)[0] ?? message}` };
  const said = firstMatch(log.container, [listening])?.[1];
  if (said !== undefined && said !== port) {
    return {
      kind: 'wrong-port',
      text: `listens on the wrong port: its log says ${said}, Cloud Run gave it PORT=${port}`,
    };
  }
  return { kind: 'never-listened', text: `never listened on PORT=${port} within the startup time` };
}
