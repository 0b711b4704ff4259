/**
 * Small typed arrays have their bytes inside V8's heap. Shown to native code they get memory of their own for the rest
 * of their lives, which takes longer than everything else that is done with a short message.
 */

/** `bytes`, or a copy that is good until the next call, and stays until then as what was received last does. */
export function outsideHeap(bytes: Uint8Array): Uint8Array {
  if (bytes.length > LARGEST_INSIDE) return bytes;
  copy.set(bytes);
  return copy.subarray(0, bytes.length);
}

/** `typed_array_max_size_in_heap` of V8, bytes. */
const LARGEST_INSIDE = 64;
/** Larger, so that it is not inside itself. */
const copy = new Uint8Array(4 * LARGEST_INSIDE);
