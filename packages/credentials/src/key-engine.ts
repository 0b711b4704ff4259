/**
 * What keeps credentials out of the process: a PKCS#11 token, a TPM, a key service. A query goes in, public bytes or a
 * signer come out (avs_crypto: the hooks `_avs_crypto_*_engine_load_*`). Queries are opaque here; usually RFC 7512
 * URIs.
 */

import { isUint8Array } from 'node:util/types';
import { unpooledCopy } from '@avs-net/core/plugin';
import { at, type Place, refusal, unexpected } from './credential-error.ts';
import { redactedQuery } from './redaction.ts';

/** Absent methods are refused with ENOTSUP. Returned bytes are copied. Whatever is thrown becomes the cause of EIO. */
export interface KeyEngine {
  /** DER certificates, leaf first; also asked for trust anchors. */
  certificateChain?(query: string): Answer<readonly Uint8Array[]>;
  /** DER certificate revocation lists. */
  certRevocationLists?(query: string): Answer<readonly Uint8Array[]>;
  privateKey?(query: string): Answer<KeySigner>;
  pskIdentity?(query: string): Answer<Uint8Array>;
  pskKey?(query: string): Answer<Uint8Array>;
}

/** A private key that never leaves its engine. */
export interface KeySigner {
  /** SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7). */
  readonly publicKey: Uint8Array;
  /** The signature in the form that TLS carries: DER Ecdsa-Sig-Value for EC, the bare octets otherwise. */
  sign(request: SignatureRequest): Answer<Uint8Array>;
}

export interface SignatureRequest {
  /** The message itself, not its digest. */
  readonly data: Uint8Array;
  /** Name as node:crypto knows it; absent for Ed25519 and Ed448, which hash by themselves. */
  readonly digest?: string;
  /** RSA only; PSS with a salt as long as the digest. */
  readonly padding?: 'pkcs1' | 'pss';
}

export type Answer<T> = T | Promise<T>;

/** Asks the method `kind` of `engine`. Errors: ENOTSUP without engine or method, EIO when it fails. */
export async function askEngine<K extends keyof KeyEngine>(
  engine: KeyEngine | undefined,
  kind: K,
  query: string,
  place: Place,
): Promise<EngineAnswer<K>> {
  const from = at(place, `engine ${redactedQuery(query)}`);
  if (engine === undefined) throw refusal('ENOTSUP', from, 'the source is an engine, but no KeyEngine was given');
  const method = engine[kind] as ((query: string) => unknown) | undefined;
  if (typeof method !== 'function') throw refusal('ENOTSUP', from, `this KeyEngine has no ${kind}()`);
  let answer: unknown;
  try {
    answer = await method.call(engine, query);
  } catch (error) {
    throw refusal('EIO', from, 'the key engine failed, see the cause', error);
  }
  return CHECKS[kind](answer, from) as EngineAnswer<K>;
}

type EngineAnswer<K extends keyof KeyEngine> = Awaited<ReturnType<NonNullable<KeyEngine[K]>>>;

function checkBytes(answer: unknown, place: Place): Uint8Array {
  if (!isUint8Array(answer)) throw unexpected(place, 'a Uint8Array from the engine', answer);
  return unpooledCopy(answer);
}

function checkList(answer: unknown, place: Place): readonly Uint8Array[] {
  if (!Array.isArray(answer)) throw unexpected(place, 'an array of Uint8Array from the engine', answer);
  return answer.map((item) => checkBytes(item, place));
}

function checkSigner(answer: unknown, place: Place): KeySigner {
  const signer = Object(answer) as Partial<KeySigner>;
  if (!isUint8Array(signer.publicKey) || typeof signer.sign !== 'function') {
    throw unexpected(place, 'a KeySigner { publicKey, sign } from the engine', answer);
  }
  return signer as KeySigner;
}

const CHECKS: Readonly<Record<keyof KeyEngine, (answer: unknown, place: Place) => unknown>> = {
  certificateChain: checkList,
  certRevocationLists: checkList,
  privateKey: checkSigner,
  pskIdentity: checkBytes,
  pskKey: checkBytes,
};
