/**
 * Places to keep sessions in (`SecureConfiguration.session`): memory and the caller's buffer, as avs_net has it
 * (`session_resumption_buffer`). A Map will do as well, and so will anything with `get`, `set` and `delete`, by promise
 * if it likes. What is kept is as secret as a key for as long as the session lives.
 */

import { isUint8Array } from 'node:util/types';
import type { SessionStore } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import { unpooledCopy, wipe } from '../contract/secret-bytes.ts';

/** In memory, the latest `capacity` of them (default 100); what goes is overwritten. EINVAL for a capacity below 1. */
export function memorySessionStore({ capacity = 100 }: { readonly capacity?: number } = {}): SessionStore {
  if (!Number.isInteger(capacity) || capacity < 1) throw refuse('capacity must be an integer of at least 1');
  const sessions = new Map<string, Uint8Array>();
  const drop = (key: string): void => {
    const session = sessions.get(key);
    if (session !== undefined) wipe(session);
    sessions.delete(key);
  };
  return {
    get: (key) => sessions.get(key),
    set(key, session) {
      drop(key);
      for (const [oldest] of sessions) {
        if (sessions.size < capacity) break;
        drop(oldest);
      }
      sessions.set(key, unpooledCopy(session));
    },
    delete: drop,
  };
}

/**
 * One session, in memory of the caller, which may be kept anywhere meanwhile: it is read at each `connect` and
 * rewritten at each new session, its unused rest with zeros; one that does not fit leaves zeros. 1024 bytes are enough
 * with pre-shared keys. EINVAL for what is no Uint8Array or too short for any session.
 */
export function bufferSessionStore(buffer: Uint8Array): SessionStore {
  if (!isUint8Array(buffer) || buffer.length <= LENGTH) throw refuse(`buffer must have more than ${LENGTH} bytes`);
  return {
    get() {
      const length = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength).getUint32(0);
      return length === 0 || length > buffer.length - LENGTH ? undefined : buffer.slice(LENGTH, LENGTH + length);
    },
    set(_key, session) {
      wipe(buffer);
      if (session.length > buffer.length - LENGTH) return;
      new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength).setUint32(0, session.length);
      buffer.set(session, LENGTH);
    },
    delete: () => wipe(buffer),
  };
}

function refuse(message: string): NetError {
  return new NetError({ code: 'EINVAL', operation: 'sessionStore', message });
}

/** Bytes of the length that stands in front. */
const LENGTH = 4;
