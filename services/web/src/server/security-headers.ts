/** Headers of every answer. The page may speak to the api and to streaming, and to nobody else. */
export function securityHeaders(apiUrl: string, streamingUrl: string): Readonly<Record<string, string>> {
  const api = new URL(apiUrl).origin;
  const streaming = new URL(streamingUrl).origin;
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self'",
    'connect-src': [...new Set(["'self'", api, streaming, streaming.replace(/^http/, 'ws')])].join(' '),
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  };
  return {
    'content-security-policy': Object.entries(policy)
      .map(([directive, sources]) => `${directive} ${sources}`)
      .join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
  };
}
