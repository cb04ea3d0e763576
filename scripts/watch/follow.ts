import { setTimeout as sleep } from 'node:timers/promises';
import { createStyle, useColours } from '../cli/style.ts';
import { eventsBetween } from './events.ts';
import { fit } from './fit.ts';
import { renderSnapshot } from './render.ts';
import type { Snapshot, Viewer } from './snapshot.ts';

/** How a push is shown: a table that is drawn anew, a line an event, or JSON lines. */
export type Display = 'live' | 'lines' | 'json';

export interface FollowOptions {
  readonly commit: string;
  readonly subject: string;
  readonly display: Display;
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
  /** Looks again until this says that the end has come. */
  until(snapshot: Snapshot, elapsedSeconds: number): boolean | Promise<boolean>;
}

const lookMs = 400;

function createScreen(output: NodeJS.WriteStream): (lines: readonly string[]) => void {
  let drawn = 0;
  return (lines) => {
    const rows = Math.max(5, output.rows - 1);
    const shown = lines.slice(0, rows).map((line) => fit(line, output.columns));
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    output.write(`${up}\u001b[0J${shown.join('\n')}\n`);
    drawn = shown.length;
  };
}

/** Shows what becomes of a commit until its end; what was seen last. */
export async function follow(viewer: Viewer, options: FollowOptions): Promise<Snapshot> {
  const { commit, subject, display, output, signal, until } = options;
  const style = createStyle(useColours(output));
  const draw = createScreen(output);
  const started = Date.now();
  const elapsed = (): number => (Date.now() - started) / 1000;
  let before: Snapshot | undefined;
  for (;;) {
    const now = await viewer.snapshot(commit);
    switch (display) {
      case 'live':
        draw(renderSnapshot(now, subject, elapsed(), style));
        break;
      case 'lines':
        for (const { service, text } of eventsBetween(before, now)) {
          output.write(
            `${style.dim(`${elapsed().toFixed(1).padStart(6)} s`)}  ${service.padEnd(12)} ${text}\n`,
          );
        }
        break;
      case 'json':
        for (const { kind, service, data } of eventsBetween(before, now)) {
          output.write(
            `${JSON.stringify({ event: kind, seconds: Number(elapsed().toFixed(1)), service, ...data })}\n`,
          );
        }
        break;
      default:
        display satisfies never;
    }
    before = now;
    if ((await until(now, elapsed())) || signal.aborted) return now;
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
  }
}
