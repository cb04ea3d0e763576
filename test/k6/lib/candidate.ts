/*
 * What the load tests are told of the service that they test, in the environment or by `k6 run --env`:
 *
 *   BASE_URL  its address
 *   TOKEN     an identity token, where the address asks for one
 *   PROFILE   `local`: two seconds, on a machine that does other things too; anything else: twenty
 */

const given = __ENV.BASE_URL ?? '';
if (!/^https?:\/\//.test(given))
  throw new Error('BASE_URL is not set: it holds the http or https address of the service to test');

export const address = given.replace(/\/$/, '');

const token = __ENV.TOKEN ?? '';
/** Cloud Run takes the token out of this header, and leaves `Authorization` to the service. */
export const headers: Record<string, string> =
  token === '' ? {} : { 'X-Serverless-Authorization': `Bearer ${token}` };

export const isLocal = __ENV.PROFILE === 'local';
