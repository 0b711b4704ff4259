/**
 * What stands in an `AssociationStore`: the state of an association and whose it is, encrypted, or a placeholder that
 * means nothing to anybody. AES-256-GCM under a key of its own for each entry (HKDF, RFC 5869), so that no counter has
 * to be kept. Whatever was changed, or belongs to somebody else, is refused with the reason.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomFillSync } from 'node:crypto';
import type { Address } from '../contract/address.ts';
import type { Role } from '../contract/association.ts';
import { wipe } from '../contract/secret-bytes.ts';

/** All of it has to be the same where an association goes on. */
export interface AssociationBonds {
  readonly backend: string;
  readonly role: Role;
  /** `Context.sessionScope`: the credential. */
  readonly credential: string;
  /** Everything else in a configuration that decides who is let in. */
  readonly configuration: string;
}

/** An association at rest. */
export interface StoredAssociation {
  /** Client: whom it was verified against. */
  readonly serverName?: string | undefined;
  /** Client: as given to `connect`. */
  readonly hostname?: string | undefined;
  /** Where the peer was last. */
  readonly peer: Address;
  /** What `Continuation.save` gave; secret, the owner's to wipe. */
  readonly state: Uint8Array;
}

export type OpenedEntry =
  | { readonly kind: 'association'; readonly association: StoredAssociation }
  | { readonly kind: 'placeholder' }
  | { readonly kind: 'refused'; readonly reason: string };

/** An entry without content, different from every other one. */
export function placeholderEntry(): Uint8Array {
  const entry = new Uint8Array(HEADER + SALT);
  entry.set([FORMAT, PLACEHOLDER]);
  randomFillSync(entry, HEADER);
  return entry;
}

/** Different from every other entry, though it may hold the same. `association.state` is wiped. */
export function sealEntry(
  id: string,
  bonds: AssociationBonds,
  { state, ...facts }: StoredAssociation,
  key: Uint8Array,
): Uint8Array {
  const words = Buffer.from(JSON.stringify({ id, ...bonds, ...facts }));
  const plaintext = Buffer.from(new ArrayBuffer(LENGTH + words.length + state.length));
  plaintext.writeUInt32BE(words.length);
  plaintext.set(words, LENGTH);
  plaintext.set(state, LENGTH + words.length);
  wipe(state);
  const entry = Buffer.from(new ArrayBuffer(HEADER + SALT + plaintext.length + TAG));
  entry.set([FORMAT, STATE]);
  randomFillSync(entry, HEADER, SALT);
  const secret = entryKey(key, entry);
  try {
    const cipher = createCipheriv('aes-256-gcm', secret.subarray(0, KEY), secret.subarray(KEY));
    cipher.setAAD(entry.subarray(0, HEADER));
    entry.set(cipher.update(plaintext), HEADER + SALT);
    cipher.final();
    entry.set(cipher.getAuthTag(), entry.length - TAG);
    return entry;
  } finally {
    wipe(secret);
    wipe(plaintext);
  }
}

/** `keys` are tried one after the other. Never throws for what stands in `entry`. */
export function openEntry(
  id: string,
  bonds: AssociationBonds,
  entry: Uint8Array,
  keys: readonly Uint8Array[],
): OpenedEntry {
  if (entry[0] !== FORMAT) return refused('it is of another version, or no association at all');
  if (entry[1] === PLACEHOLDER) return { kind: 'placeholder' };
  if (entry.length < HEADER + SALT + LENGTH + TAG) return refused('it is cut off');
  for (const key of keys) {
    const plaintext = decrypt(entry, key);
    if (plaintext === undefined) continue;
    try {
      return readEntry(id, bonds, plaintext);
    } finally {
      wipe(plaintext);
    }
  }
  return refused('none of associations.keys opens it, or it was damaged');
}

/** `plaintext` is authentic, and still of whoever has the keys. */
function readEntry(id: string, bonds: AssociationBonds, plaintext: Buffer): OpenedEntry {
  const start = LENGTH + plaintext.readUInt32BE();
  const facts = JSON.parse(plaintext.toString('utf8', LENGTH, start)) as AssociationBonds &
    Omit<StoredAssociation, 'state'> & { readonly id: string };
  const { serverName, hostname, peer } = facts;
  if (facts.id !== id) return refused('it was stored under another id');
  for (const bond of BONDS) {
    if (facts[bond] !== bonds[bond]) return refused(`it belongs to another ${bond}`);
  }
  const state = new Uint8Array(new ArrayBuffer(plaintext.length - start));
  state.set(plaintext.subarray(start));
  return { kind: 'association', association: { serverName, hostname, peer, state } };
}

/** Undefined: not by this key. What comes back has to be wiped. */
function decrypt(entry: Uint8Array, key: Uint8Array): Buffer | undefined {
  const secret = entryKey(key, entry);
  const decipher = createDecipheriv('aes-256-gcm', secret.subarray(0, KEY), secret.subarray(KEY), {
    authTagLength: TAG,
  });
  decipher.setAAD(entry.subarray(0, HEADER));
  decipher.setAuthTag(entry.subarray(entry.length - TAG));
  const plaintext = decipher.update(entry.subarray(HEADER + SALT, entry.length - TAG));
  try {
    decipher.final();
    return plaintext;
  } catch {
    wipe(plaintext);
    return undefined;
  } finally {
    wipe(secret);
  }
}

/** Key and nonce of the one entry that has this salt; the caller's to wipe. */
function entryKey(key: Uint8Array, entry: Uint8Array): Uint8Array {
  const salt = entry.subarray(HEADER, HEADER + SALT);
  return new Uint8Array(hkdfSync('sha256', key, salt, 'avs-net association 1', KEY + NONCE));
}

function refused(reason: string): OpenedEntry {
  return { kind: 'refused', reason };
}

const BONDS = ['backend', 'role', 'credential', 'configuration'] as const satisfies (keyof AssociationBonds)[];

/** Bytes. */
const HEADER = 2;
const SALT = 32;
const KEY = 32;
const NONCE = 12;
const TAG = 16;
const LENGTH = 4;

const FORMAT = 1;
const PLACEHOLDER = 0;
const STATE = 1;
