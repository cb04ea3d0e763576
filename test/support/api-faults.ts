interface Counts {
  readonly counts: readonly { readonly matched: number; readonly struck: number }[];
}

/** Sets the faults of the cloud at `origin`; see docs/local-cloud.md. */
export async function setFaults(origin: string, seed: number, ...rules: object[]): Promise<void> {
  const response = await fetch(`${origin}/local/faults`, {
    method: 'PUT',
    body: JSON.stringify({ seed, rules }),
  });
  if (!response.ok) throw new Error(await response.text());
}
/** How often each rule has fitted a request, and struck. */
export const counts = async (origin: string): Promise<Counts['counts']> =>
  ((await (await fetch(`${origin}/local/faults`)).json()) as Counts).counts;
export const clearFaults = async (origin: string): Promise<void> => {
  await fetch(`${origin}/local/faults`, { method: 'DELETE' });
};

/** Under this seed the first request that fits goes wrong, and the eleven that follow do not. */
export const firstOnly = (match: object, fault: string): [number, object] => [
  9,
  { match, probability: 0.1, fault },
];
