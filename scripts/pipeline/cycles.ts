/**
 * Circles in a graph of names: for every name that stands in one, unless it stands in one found before, the shortest
 * through it, with the name first and last. Edges to unknown names are ignored.
 */
export function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  for (const name of edges.keys()) {
    const cycle = cycles.some((known) => known.includes(name)) ? undefined : shortestCycle(name, edges);
    if (cycle !== undefined) cycles.push(cycle);
  }
  return cycles;
}

function shortestCycle(start: string, edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>();
  let paths = [[start]];
  while (paths.length > 0) {
    const longer = paths.flatMap((path) =>
      (edges.get(path.at(-1) ?? '') ?? []).map((next) => [...path, next]),
    );
    const cycle = longer.find((path) => path.at(-1) === start);
    if (cycle !== undefined) return cycle;
    paths = longer.filter((path) => {
      const last = path.at(-1) ?? '';
      return !seen.has(last) && seen.add(last).has(last);
    });
  }
  return undefined;
}
