/**
 * Bytes that may be secret: never in node's shared Buffer pool, so that wiping them wipes them.
 */

/**
 * A copy in memory of its own. The ArrayBuffer is made first: V8 keeps typed arrays of up to 64 bytes inside its moving
 * heap otherwise, and the garbage collector would leave copies behind that no wipe reaches.
 */
export function unpooledCopy(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}

/** Overwrites `bytes` with zeros (`avs_crypto_clear_buffer`). */
export function wipe(bytes: Uint8Array): void {
  bytes.fill(0);
}
