import { objects, releaseOf } from '../../../functions/release/naming.ts';
import { releaseSchema, type Release } from '../../../functions/release/release.ts';
import {
  newServiceRecord,
  serviceSchema,
  type ServiceRecord,
} from '../../../functions/release/service-record.ts';
import type { Store } from '../world/store.ts';

/** The records as they stand, for those who check. */
export interface Records {
  release(service: string, id: string): Release | undefined;
  ofRevision(service: string, revision: string): Release | undefined;
  service(name: string): ServiceRecord;
  releases(): Release[];
}

export const parseRelease = (text: string): Release => releaseSchema.parse(JSON.parse(text));
export const parseService = (text: string): ServiceRecord => serviceSchema.parse(JSON.parse(text));

export function recordsOf(store: Pick<Store, 'text' | 'names'>): Records {
  const release = (service: string, id: string): Release | undefined => {
    const text = store.text(objects.release({ service, id }));
    return text === undefined ? undefined : parseRelease(text);
  };
  return {
    release,
    ofRevision: (service, revision) => release(service, revision.slice(service.length + 1)),
    service(name) {
      const text = store.text(objects.service(name));
      return text === undefined ? newServiceRecord(name) : parseService(text);
    },
    releases: () =>
      store
        .names('releases/')
        .flatMap(releaseOf)
        .flatMap(({ service, id }) => release(service, id) ?? []),
  };
}
