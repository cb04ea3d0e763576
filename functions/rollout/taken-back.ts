import type { ServiceRecord } from '../release/service-record.ts';

/** At most one automatic rollback a release: its quarantine says that there was one. */
export const wasTakenBack = ({ quarantine }: ServiceRecord, id: string): boolean =>
  quarantine.some(({ release }) => release === id);
