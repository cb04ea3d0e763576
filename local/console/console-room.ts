import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CloudContext } from '../core/context.ts';
import { handled, type ApiRequest, type Room } from '../core/room.ts';
import { bundleBrowserScript } from './bundle-browser-script.ts';
import { consolePage, type ConsoleView } from './console-page.ts';

/** One script a view, bundled when it is first asked for. */
function createScripts(): (view: ConsoleView) => Promise<string> {
  const scripts = new Map<ConsoleView, Promise<string>>();
  return (view) => {
    const known = scripts.get(view);
    if (known) return known;
    const script = bundleBrowserScript(view);
    scripts.set(view, script);
    script.catch(() => scripts.delete(view));
    return script;
  };
}

/**
 * What a person sees of the local cloud: its resources at `/`, its logs at `/console/logs?query=<Logging query>`.
 * The pages read the public APIs from within the browser; the room itself keeps nothing and knows nothing.
 */
export function createConsoleRoom(context: Pick<CloudContext, 'projectId' | 'region'>): { room: Room } {
  const { projectId, region } = context;
  const style = readFileSync(new URL('console.css', import.meta.url), 'utf8');
  const scriptOf = createScripts();

  const show =
    (view: ConsoleView) =>
    async ({ response }: ApiRequest): Promise<typeof handled> => {
      const script = await scriptOf(view);
      const nonce = randomBytes(16).toString('base64');
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        // Client libraries tell a metadata server by this header of `/`; what the body says is nothing to them.
        'metadata-flavor': 'Google',
      });
      response.end(consolePage({ view, projectId, region, style, script, nonce }));
      return handled;
    };

  return {
    room: {
      name: 'console',
      routes: [
        { method: 'GET', path: '/', handle: show('overview') },
        { method: 'GET', path: '/console/logs', handle: show('logs') },
      ],
    },
  };
}
