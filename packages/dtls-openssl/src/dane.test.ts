/** The table of DANE in the avs reference, row by row. */

import { createHash, X509Certificate } from 'node:crypto';
import type { CertificateInfo, TlsaRecord } from '@avs-net/core/plugin';
import { empty, withoutServerCertValidation } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import type { Authority, Identity } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { configured, meet, presenting, trusting } from '../test/certificates.ts';

let ca: Authority;
let leaf: Identity;
let expired: Identity;
pkiStage((pki) => {
  ca = pki.authority('ca');
  leaf = ca.issue('localhost');
  expired = ca.issue('localhost', { validity: 'expired' });
});

/** The whole certificate, or a digest of it or of its key. */
function tlsa(
  certificateUsage: TlsaRecord['certificateUsage'],
  { certificate }: Identity,
  selector: TlsaRecord['selector'] = 0,
  matchingType: TlsaRecord['matchingType'] = 0,
): TlsaRecord {
  const parsed = new X509Certificate(certificate);
  const selected = selector === 0 ? parsed.raw : parsed.publicKey.export({ type: 'spki', format: 'der' });
  const digest = ['', 'sha256', 'sha512'][matchingType]!;
  const associationData = digest === '' ? selected : createHash(digest).update(selected).digest();
  return { certificateUsage, selector, matchingType, associationData };
}

interface Row {
  readonly validation: boolean;
  readonly dane: boolean;
  readonly records: () => readonly TlsaRecord[];
  readonly store?: 'ca';
  readonly name?: 'differs';
  readonly server?: () => Identity;
}

/** `accept`, or the verdict. The server sends its authority along, as usage 2 wants it. */
async function outcome({ validation, dane, records, store, name, server = () => leaf }: Row): Promise<string> {
  const none: Partial<CertificateInfo> = store === undefined ? { trustedCerts: empty('certificateChain') } : {};
  const verified = trusting([ca], { dane, ...none });
  const security = validation ? verified : withoutServerCertValidation(verified);
  const { certificate, key } = server();
  const wire = await meet(
    configured(security),
    configured(presenting({ chain: Buffer.concat([certificate, ca.certificate]), key })),
    {
      serverName: name === 'differs' ? 'other.example' : 'localhost',
      client: { tlsa: records() },
    },
  );
  const { error, isEstablished } = wire.client;
  wire.destroy();
  if (error !== undefined) expect(error).toMatchObject({ code: 'EPROTO', alert: { origin: 'local' } });
  return isEstablished ? 'accept' : String(error?.library?.code);
}

const [on, off] = [
  { validation: true, dane: true },
  { validation: false, dane: true },
];
const NOTHING = 'SELF_SIGNED_CERT_IN_CHAIN';

describe('DANE', () => {
  it.each<[string, Row, string]>([
    ['usage 3 = leaf', { ...on, records: () => [tlsa(3, leaf)] }, 'accept'],
    ['usage 3 = leaf, name differs', { ...on, records: () => [tlsa(3, leaf)], name: 'differs' }, 'HOSTNAME_MISMATCH'],
    ['usage 3 = CA', { ...on, records: () => [tlsa(3, ca)] }, 'DANE_NO_MATCH'],
    ['usage 2 = CA', { ...on, records: () => [tlsa(2, ca)] }, 'accept'],
    ['usage 2 = CA, name differs', { ...on, records: () => [tlsa(2, ca)], name: 'differs' }, 'HOSTNAME_MISMATCH'],
    ['usage 2 = leaf', { ...on, records: () => [tlsa(2, leaf)] }, 'DANE_NO_MATCH'],
    ['usage 1 = leaf, no store', { ...on, records: () => [tlsa(1, leaf)] }, NOTHING],
    ['usage 1 = leaf, CA trusted', { ...on, records: () => [tlsa(1, leaf)], store: 'ca' }, 'accept'],
    ['usage 0 = CA, CA trusted', { ...on, records: () => [tlsa(0, ca)], store: 'ca' }, 'accept'],
    ['usage 0 = leaf, CA trusted', { ...on, records: () => [tlsa(0, leaf)], store: 'ca' }, 'DANE_NO_MATCH'],
    ['no record, no store', { ...on, records: () => [] }, NOTHING],
    ['no record, CA trusted', { ...on, records: () => [], store: 'ca' }, 'accept'],
    ['opportunistic usage 3 = leaf', { ...off, records: () => [tlsa(3, leaf)] }, 'accept'],
    ['opportunistic usage 3 = CA', { ...off, records: () => [tlsa(3, ca)] }, 'DANE_NO_MATCH'],
    ['opportunistic usage 0', { ...off, records: () => [tlsa(0, leaf)] }, 'accept'],
    ['opportunistic usage 1', { ...off, records: () => [tlsa(1, ca)] }, 'accept'],
    ['opportunistic, no record', { ...off, records: () => [], name: 'differs' }, 'accept'],
    ['off, any record', { validation: true, dane: false, records: () => [tlsa(3, ca)], store: 'ca' }, 'accept'],
    ['usage 3 = expired leaf', { ...on, records: () => [tlsa(3, expired)], server: () => expired }, 'accept'],
    ['usage 2 = CA, expired leaf', { ...on, records: () => [tlsa(2, ca)], server: () => expired }, 'CERT_HAS_EXPIRED'],
    ['one of two records', { ...on, records: () => [tlsa(3, ca), tlsa(3, leaf)] }, 'accept'],
  ])('%s', async (_what, row, expected) => {
    expect(await outcome(row)).toBe(expected);
  });

  it.each([0, 1] as const)('matches selector %i by its bytes and by both digests', async (selector) => {
    for (const matchingType of [0, 1, 2] as const) {
      expect(await outcome({ ...on, records: () => [tlsa(3, leaf, selector, matchingType)] })).toBe('accept');
      expect(await outcome({ ...on, records: () => [tlsa(3, expired, selector, matchingType)] })).toBe('DANE_NO_MATCH');
    }
  });

  it('refuses before anything is sent if no record can be used, and passes over some that cannot', async () => {
    const broken: TlsaRecord = {
      certificateUsage: 3,
      selector: 0,
      matchingType: 1,
      associationData: new Uint8Array(31),
    };
    await expect(outcome({ ...on, records: () => [broken] })).rejects.toMatchObject({
      code: 'EPROTO',
      message: expect.stringContaining('daneTlsaArray: none of the 1 records can be used'),
    });
    expect(await outcome({ ...on, records: () => [broken, tlsa(3, leaf)] })).toBe('accept');
    expect(await outcome({ ...off, records: () => [broken] })).toBe('accept');
  });

  it('checks an address and never sends it', async () => {
    const server = ca.issue('somebody', { names: ['192.0.2.1'] });
    for (const [serverName, accepted] of [
      ['192.0.2.1', true],
      ['192.0.2.2', false],
    ] as const) {
      const wire = await meet(configured(trusting([ca], { dane: true })), configured(presenting(server)), {
        serverName,
        client: { tlsa: [tlsa(3, server)] },
      });
      expect(wire.client.error?.library?.code).toBe(accepted ? undefined : 'IP_ADDRESS_MISMATCH');
      expect(wire.server.association.info().serverName).toBeUndefined();
      wire.destroy();
    }
  });
});
