/** What OpenSSL 3 and the addon can hold; also what is claimed. */

/** RFC 6347 §4.1: 2^14 bytes in a record. */
export const MAX_MESSAGE = 16_384;

/** PSK_MAX_PSK_LEN. */
export const MAX_PSK_KEY = 512;

/** PSK_MAX_IDENTITY_LEN, less the NUL that ends it. */
export const MAX_PSK_IDENTITY = 255;

/** Records; `ReplayWindow` of the addon. */
export const MIN_REPLAY_WINDOW = 64;
export const MAX_REPLAY_WINDOW = 65_536;

/** An SSL object with its buffers, in mid-handshake, as measured; and all that `Handshake` keeps ahead of its turn. */
export const HALF_OPEN_BYTES: number = 65_536 + 8 * 512 + 2 * 512 + 8 * 1_536;
