/**
 * From the description of a pre-shared key to its bytes, once, when a socket is created. Both halves must come from
 * bytes or from an engine; avs_net finds anything else only in the handshake.
 */

import type { PskInfo, SecurityInfo } from '@avs-net/core/plugin';
import { unpooledCopy } from '@avs-net/core/plugin';
import { inside, type Place, unexpected } from './credential-error.ts';
import { askEngine } from './key-engine.ts';
import { checkPskSize } from './psk.ts';
import { type ResolveOptions, startingPlace } from './resolve-options.ts';
import { wipeSecrets } from './secret-field.ts';
import { copyPskPart } from './security-info.ts';

export interface ResolvedPsk {
  readonly identity: Uint8Array;
  /** Belongs to the caller, who wipes it with `wipe` of @avs-net/core/plugin. */
  readonly key: Uint8Array;
}

/** Errors: EINVAL for wrong sources and sizes, ENOTSUP and EIO of the engine. */
export async function resolvePsk(info: PskInfo, options: ResolveOptions = {}): Promise<ResolvedPsk> {
  const place = startingPlace(options, 'resolvePsk', '');
  if (typeof info !== 'object' || info === null) throw unexpected(place, 'a PskInfo', info);
  const identity = await resolvePart('pskIdentity', info.identity, inside(place, 'identity'), options);
  const key = await resolvePart('pskKey', info.key, inside(place, 'key'), options);
  return { identity, key };
}

async function resolvePart(
  type: 'pskIdentity' | 'pskKey',
  value: SecurityInfo,
  place: Place,
  options: ResolveOptions,
): Promise<Uint8Array> {
  const info = copyPskPart(value, type, place);
  let bytes: Uint8Array;
  if (info.source === 'engine') {
    bytes = await askEngine(options.engine, type, info.query, place);
  } else {
    bytes = unpooledCopy((info as { buffer: Uint8Array }).buffer);
    wipeSecrets(info);
  }
  checkPskSize(bytes, place);
  return bytes;
}
