/**
 * The two ciphersuites of this backend, both with plain PSK key exchange and AES-128 in an AEAD mode
 * (RFC 6655 §4, RFC 5487 §3.1), for which node:crypto has the ciphers.
 */

export interface Ciphersuite {
  /** IANA number. */
  readonly id: number;
  readonly name: string;
  readonly opensslName: string;
  readonly cipher: 'aes-128-ccm' | 'aes-128-gcm';
  /** Authentication tag, bytes. */
  readonly tag: 8 | 16;
}

/** Best first. */
export const CIPHERSUITES: readonly Ciphersuite[] = [
  {
    id: 0x00a8,
    name: 'TLS_PSK_WITH_AES_128_GCM_SHA256',
    opensslName: 'PSK-AES128-GCM-SHA256',
    cipher: 'aes-128-gcm',
    tag: 16,
  },
  { id: 0xc0a8, name: 'TLS_PSK_WITH_AES_128_CCM_8', opensslName: 'PSK-AES128-CCM8', cipher: 'aes-128-ccm', tag: 8 },
];

/** Of `wanted` (numbers or names, best first) those that exist here; all of them if nothing is wanted. */
export function chooseCiphersuites(wanted: readonly (number | string)[] | undefined): readonly Ciphersuite[] {
  if (wanted === undefined) return CIPHERSUITES;
  const known = wanted.map((which) =>
    CIPHERSUITES.find(({ id, name, opensslName }) => id === which || name === which || opensslName === which),
  );
  return [...new Set(known)].filter((suite) => suite !== undefined);
}
