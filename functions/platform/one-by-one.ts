/**
 * Throws an AggregateError if anything has failed. Its message says what went wrong: Cloud Functions logs the message and
 * the stack of an error alone, not the errors that it holds.
 */
export function throwFailures(failures: readonly unknown[], failed: string): void {
  if (failures.length === 0) return;
  const said = new Set(failures.map((error) => (error instanceof Error ? error.message : String(error))));
  throw new AggregateError(failures, `${failures.length} ${failed}: ${[...said].join('; ')}`);
}

/**
 * Does everything, one after the other; what fails keeps nothing else from being done, and is thrown as `throwFailures`
 * does at the end. `endsAll`: after such an error nothing more is begun.
 */
export async function oneByOne<T>(
  all: Iterable<T>,
  act: (each: T) => Promise<void>,
  { failed, endsAll = () => false }: { readonly failed: string; endsAll?(error: unknown): boolean },
): Promise<void> {
  const failures: unknown[] = [];
  for (const each of all) {
    try {
      await act(each);
    } catch (error) {
      failures.push(error);
      if (endsAll(error)) break;
    }
  }
  throwFailures(failures, failed);
}
