/**
 * The TLS ciphersuites that avs-net can name: IANA number, IANA name, the name that OpenSSL uses, how the peer is
 * authenticated, and what a record of it costs (RFC 5246 §6.2.3, RFC 6655, RFC 7905; avs reference table of INNER_MTU).
 */

export interface Ciphersuite {
  /** IANA number. */
  readonly id: number;
  /** IANA name. */
  readonly name: string;
  readonly opensslName: string;
  /** `any`: TLS 1.3, where the suite does not say. */
  readonly mode: 'psk' | 'certificate' | 'any';
  readonly protection: Protection;
}

/** Bytes that record protection adds. */
export type Protection =
  | { readonly kind: 'aead'; readonly explicitNonce: number; readonly tag: number }
  | { readonly kind: 'cbc'; readonly block: number; readonly mac: number };

/** By number or by IANA or OpenSSL name; undefined if unknown. */
export function findCiphersuite(which: number | string): Ciphersuite | undefined {
  return CIPHERSUITES.find((suite) => suite.id === which || suite.name === which || suite.opensslName === which);
}

/**
 * Largest payload of a DTLS record whose datagram has at most `lowerLimit` bytes, 0 if none fits (RFC 6347 §4.1).
 * CBC: with encrypt-then-MAC (RFC 7366) the padding does not cover the MAC, so that other sizes fit.
 */
export function maxPayload(
  protection: Protection,
  lowerLimit: number,
  { encryptThenMac = false, connectionId = 0 }: { encryptThenMac?: boolean; connectionId?: number } = {},
): number {
  // RFC 9146 §4: tls12_cid carries the connection id in the header and the true content type inside.
  const room = lowerLimit - RECORD_HEADER - connectionId - (connectionId > 0 ? 1 : 0);
  if (protection.kind === 'aead') return Math.max(0, room - protection.explicitNonce - protection.tag);
  const { block, mac } = protection;
  // One IV, whole blocks, at least one byte of padding inside the last of them.
  const inBlocks = (bytes: number): number => Math.floor(bytes / block) * block - 1;
  const payload = encryptThenMac ? inBlocks(room - block - mac) : inBlocks(room - block) - mac;
  return Math.max(0, payload);
}

const RECORD_HEADER = 13;

const CCM8: Protection = { kind: 'aead', explicitNonce: 8, tag: 8 };
const CCM: Protection = { kind: 'aead', explicitNonce: 8, tag: 16 };
const GCM = CCM;
const CHACHA20: Protection = { kind: 'aead', explicitNonce: 0, tag: 16 };
const CBC_SHA1: Protection = { kind: 'cbc', block: 16, mac: 20 };
const CBC_SHA256: Protection = { kind: 'cbc', block: 16, mac: 32 };
const CBC_SHA384: Protection = { kind: 'cbc', block: 16, mac: 48 };
/** RFC 8446 §5.2: one byte of content type and the tag. */
const TLS13: Protection = { kind: 'aead', explicitNonce: 0, tag: 17 };

const suite = (
  id: number,
  name: string,
  opensslName: string,
  mode: Ciphersuite['mode'],
  protection: Protection,
): Ciphersuite => ({ id, name, opensslName, mode, protection });

/** Ordered by preference: AEAD with small tags last among equals, forward secrecy first, CBC at the end. */
export const CIPHERSUITES: readonly Ciphersuite[] = [
  suite(0x1301, 'TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256', 'any', TLS13),
  suite(0x1302, 'TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384', 'any', TLS13),
  suite(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'any', TLS13),

  suite(0xccac, 'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-PSK-CHACHA20-POLY1305', 'psk', CHACHA20),
  suite(0xc0a8, 'TLS_PSK_WITH_AES_128_CCM_8', 'PSK-AES128-CCM8', 'psk', CCM8),
  suite(0xc0a4, 'TLS_PSK_WITH_AES_128_CCM', 'PSK-AES128-CCM', 'psk', CCM),
  suite(0x00a8, 'TLS_PSK_WITH_AES_128_GCM_SHA256', 'PSK-AES128-GCM-SHA256', 'psk', GCM),
  suite(0xccab, 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256', 'PSK-CHACHA20-POLY1305', 'psk', CHACHA20),
  suite(0xc0a9, 'TLS_PSK_WITH_AES_256_CCM_8', 'PSK-AES256-CCM8', 'psk', CCM8),
  suite(0xc0a5, 'TLS_PSK_WITH_AES_256_CCM', 'PSK-AES256-CCM', 'psk', CCM),
  suite(0x00a9, 'TLS_PSK_WITH_AES_256_GCM_SHA384', 'PSK-AES256-GCM-SHA384', 'psk', GCM),
  suite(0xc037, 'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256', 'ECDHE-PSK-AES128-CBC-SHA256', 'psk', CBC_SHA256),
  suite(0xc038, 'TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384', 'ECDHE-PSK-AES256-CBC-SHA384', 'psk', CBC_SHA384),
  suite(0x00ae, 'TLS_PSK_WITH_AES_128_CBC_SHA256', 'PSK-AES128-CBC-SHA256', 'psk', CBC_SHA256),
  suite(0x00af, 'TLS_PSK_WITH_AES_256_CBC_SHA384', 'PSK-AES256-CBC-SHA384', 'psk', CBC_SHA384),
  suite(0x008c, 'TLS_PSK_WITH_AES_128_CBC_SHA', 'PSK-AES128-CBC-SHA', 'psk', CBC_SHA1),
  suite(0x008d, 'TLS_PSK_WITH_AES_256_CBC_SHA', 'PSK-AES256-CBC-SHA', 'psk', CBC_SHA1),

  suite(0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256', 'certificate', GCM),
  suite(0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'certificate', GCM),
  suite(
    0xcca9,
    'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'certificate',
    CHACHA20,
  ),
  suite(0xc0ac, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM', 'ECDHE-ECDSA-AES128-CCM', 'certificate', CCM),
  suite(0xc0ae, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ECDHE-ECDSA-AES128-CCM8', 'certificate', CCM8),
  suite(0xc0ad, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM', 'ECDHE-ECDSA-AES256-CCM', 'certificate', CCM),
  suite(0xc0af, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8', 'ECDHE-ECDSA-AES256-CCM8', 'certificate', CCM8),
  suite(0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'certificate', GCM),
  suite(0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384', 'certificate', GCM),
  suite(0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305', 'certificate', CHACHA20),
  suite(0xc023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'ECDHE-ECDSA-AES128-SHA256', 'certificate', CBC_SHA256),
  suite(0xc024, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', 'ECDHE-ECDSA-AES256-SHA384', 'certificate', CBC_SHA384),
  suite(0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA', 'certificate', CBC_SHA1),
  suite(0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA', 'certificate', CBC_SHA1),
  suite(0xc027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE-RSA-AES128-SHA256', 'certificate', CBC_SHA256),
  suite(0xc028, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ECDHE-RSA-AES256-SHA384', 'certificate', CBC_SHA384),
  suite(0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA', 'certificate', CBC_SHA1),
  suite(0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA', 'certificate', CBC_SHA1),
];
