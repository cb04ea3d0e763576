import type { Bucket, StoredObject } from '../platform/cloud-storage.ts';
import { objects, type ReleaseKey } from '../release/naming.ts';
import { isSettled, type Release } from '../release/release.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import { timelineMarkdown } from '../release/timeline-markdown.ts';
import { timelineSvg } from '../release/timeline-svg.ts';
import { timelineOf } from '../release/timeline.ts';

const forms = ['svg', 'md'] as const;
type Form = (typeof forms)[number];

const contentTypes = {
  md: 'text/markdown; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
} as const satisfies Record<Form, string>;

/** Nothing leads to the report of a release before. */
const hasReport = (release: Release): boolean => release.verdict !== undefined || isSettled(release);

const maxAttempts = 10;

/**
 * Makes report and picture of a release say what the records say, and returns those; undefined when there is no release.
 * They are read before the records and written against what was read, so what was drawn from an older record never
 * replaces what was drawn from a newer one. What stands already is not written again.
 */
export async function keepReports(
  bucket: Bucket,
  key: ReleaseKey,
  commitUrl: (commit: string) => string,
  look: () => Promise<{ readonly release: Release; readonly record: ServiceRecord } | undefined>,
): Promise<{ readonly release: Release; readonly record: ServiceRecord } | undefined> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const [svg, md] = await Promise.all(forms.map((form) => bucket.read(objects.report(key, form))));
    const seen = await look();
    if (!seen || !hasReport(seen.release)) return seen;
    const timeline = timelineOf(seen.release, seen.record);
    const links = { picture: `${key.id}.svg`, commit: commitUrl(seen.release.commit) };
    const kept =
      (await keep(bucket, key, 'svg', timelineSvg(timeline), svg)) &&
      (await keep(bucket, key, 'md', timelineMarkdown(timeline, links), md));
    if (kept) return seen;
  }
  throw new Error(
    `the report of ${key.service} ${key.id} was changed by others ${maxAttempts} times in a row`,
  );
}

/** False: somebody else has written it meanwhile. */
async function keep(
  bucket: Bucket,
  key: ReleaseKey,
  form: Form,
  text: string,
  standing: StoredObject | undefined,
): Promise<boolean> {
  if (standing?.text === text) return true;
  const object = objects.report(key, form);
  return (await bucket.writeIf(object, text, standing?.generation ?? '0', contentTypes[form])) !== undefined;
}
