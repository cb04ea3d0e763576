import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CloudContext } from '../core/context.ts';
import type { GivenObject } from './object-settings.ts';
import type { Preconditions } from './preconditions.ts';
import { StorageError } from './storage-error.ts';

/** A resumable upload under way, or done. */
export interface UploadSession {
  readonly id: string;
  readonly bucket: string;
  readonly name: string;
  readonly object: GivenObject;
  readonly preconditions: Preconditions;
  readonly startedAt: number;
  /** Set once the object exists, so that a client that missed the answer can ask for it again. */
  readonly generation?: string;
}

/** Resumable uploads outlast a restart: what a client was told is stored, is. They end after a week. */
export interface UploadSessions {
  begin(session: Omit<UploadSession, 'id' | 'startedAt'>): UploadSession;
  /** `uploadGone` (410) when there is none. */
  find(id: string): UploadSession;
  file(session: UploadSession): string;
  /** How many bytes are stored. */
  size(session: UploadSession): number;
  append(session: UploadSession, bytes: Buffer): void;
  finish(session: UploadSession, generation: string): void;
  cancel(session: UploadSession): void;
}

const lifetimeMs = 7 * 86_400_000;

export function openUploadSessions(
  context: Pick<CloudContext, 'clock' | 'table' | 'folder'>,
): UploadSessions {
  const rows = context.table<UploadSession>('storage', 'uploads');
  const folder = context.folder('storage', 'upload-content');
  const isOver = ({ startedAt }: UploadSession): boolean => startedAt + lifetimeMs <= context.clock.now();
  const file = ({ id }: UploadSession): string => path.join(folder, id);
  const cancel = (session: UploadSession): void => {
    rows.delete(session.id);
    rmSync(file(session), { force: true });
  };
  const removeOld = (): void => {
    rows.values().filter(isOver).forEach(cancel);
  };
  removeOld();
  for (const id of readdirSync(folder)) if (!rows.get(id)) rmSync(path.join(folder, id), { force: true });
  return {
    begin(given) {
      removeOld();
      const session = { ...given, id: randomUUID(), startedAt: context.clock.now() };
      writeFileSync(file(session), '');
      rows.set(session.id, session);
      return session;
    },
    find(id) {
      const session = rows.get(id);
      const isUsable =
        session && !isOver(session) && (session.generation !== undefined || existsSync(file(session)));
      if (!isUsable) throw new StorageError('uploadGone', 'This upload has ended; begin it again');
      return session;
    },
    file,
    size: (session) => statSync(file(session)).size,
    append(session, bytes) {
      if (bytes.length === 0) return;
      // A second link: a run that was killed before it could say so has made an object of this file already.
      if (statSync(file(session)).nlink > 1)
        throw new StorageError('uploadGone', 'This upload has ended; begin it again');
      appendFileSync(file(session), bytes);
    },
    finish(session, generation) {
      rows.set(session.id, { ...session, generation });
      rmSync(file(session), { force: true });
    },
    cancel,
  };
}
