/** What an API answered instead of what was asked for, in its own words. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const answerTimeoutMs = 10_000;

async function failureOf(answer: Response): Promise<ApiFailure> {
  const text = await answer.text();
  try {
    const { error } = JSON.parse(text) as { error?: { status?: string; message?: string } };
    if (error?.message !== undefined)
      return new ApiFailure(answer.status, `${error.status ?? answer.status}: ${error.message}`);
  } catch {
    // Not in Google's form; what came is said as it is.
  }
  return new ApiFailure(
    answer.status,
    `HTTP ${answer.status}${text === '' ? '' : `: ${text.slice(0, 500)}`}`,
  );
}

/** Calls an API of the local cloud. Throws ApiFailure, or what `fetch` throws when there is no answer. */
export async function callApi(url: string, body?: object): Promise<Record<string, unknown>> {
  const signal = AbortSignal.timeout(answerTimeoutMs);
  const answer = await fetch(
    url,
    body === undefined
      ? { signal }
      : {
          signal,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        },
  );
  if (!answer.ok) throw await failureOf(answer);
  return (await answer.json()) as Record<string, unknown>;
}

/** Every item of a list that comes in pages. `url` ends in its collection's name, which is also the field's. */
export async function listAll<T>(url: string): Promise<T[]> {
  const field = url.slice(url.lastIndexOf('/') + 1);
  const items: T[] = [];
  let pageToken: unknown;
  do {
    const query = typeof pageToken === 'string' ? `?pageToken=${encodeURIComponent(pageToken)}` : '';
    const page = await callApi(`${url}${query}`);
    items.push(...((page[field] as T[] | undefined) ?? []));
    pageToken = page.nextPageToken;
  } while (typeof pageToken === 'string' && pageToken !== '');
  return items;
}
