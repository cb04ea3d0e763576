/** From harmless to worst, in npm's words; `none` is below all of them. */
export const severities = ['none', 'info', 'low', 'moderate', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** What scanners call them: `HIGH`, `Medium`, `Negligible`. What nobody has rated counts as the worst: it has to be looked at. */
export function readSeverity(text: string): Severity {
  const word = text.toLowerCase();
  const known = severities.find((severity) => severity === word);
  if (known) return known;
  if (word === 'medium') return 'moderate';
  if (word === 'negligible') return 'info';
  return 'critical';
}

export const isWorse = (severity: Severity, than: Severity): boolean =>
  severities.indexOf(severity) > severities.indexOf(than);
