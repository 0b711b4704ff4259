/**
 * Bytes that may be secret: never in node's shared Buffer pool, so that wiping them wipes them.
 */

/** A copy in memory of its own. */
export function unpooledCopy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Overwrites `bytes` with zeros (`avs_crypto_clear_buffer`). */
export function wipe(bytes: Uint8Array): void {
  bytes.fill(0);
}
