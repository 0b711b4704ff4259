/** What was negotiated, from the addon's terms into those of the contract. */

import { type AssociationInfo, type Ciphersuite, findCiphersuite, maxPayload } from '@avs-net/core/plugin';
import type { NativeInfo } from './native.ts';
import { VERSION_NAMES } from './versions.ts';

/** `peerCertificates`: DER, leaf first. */
export function associationInfo(native: NativeInfo, peerCertificates: readonly Uint8Array[]): AssociationInfo {
  const { version, ciphersuite, encryptThenMac, identityHint, alpn, ownId: own, peerId: peer, ...facts } = native;
  const suite = suiteOf(native);
  const name = VERSION_NAMES.get(version ?? 0);
  return {
    ...facts,
    ...(name === undefined ? {} : { version: name }),
    ...(suite === undefined ? {} : { ciphersuite: { id: suite.id, name: suite.name } }),
    ...(suite?.protection.kind === 'cbc' ? { encryptThenMac: encryptThenMac === true } : {}),
    ...(peerCertificates.length === 0 ? {} : { peerCertificates }),
    ...(alpn === undefined ? {} : { alpn: Buffer.from(alpn).toString() }),
    ...(own === undefined || peer === undefined ? {} : { connectionId: { own, peer } }),
    ...(identityHint === undefined ? {} : { pskIdentityHint: Buffer.from(identityHint) }),
  };
}

/** Bytes of payload whose datagram has at most `lowerLimit`; 0 if none fits. */
export function largestMessage(native: NativeInfo, lowerLimit: number): number {
  const suite = suiteOf(native);
  if (suite === undefined) return 0;
  const { encryptThenMac = false, peerId } = native;
  return maxPayload(suite.protection, lowerLimit, { encryptThenMac, connectionId: peerId?.length ?? 0 });
}

/** Whether our record layer has the suite, and with it the association once it is established. */
export function isRecordLayers(native: NativeInfo): boolean {
  return suiteOf(native)?.protection.kind === 'aead';
}

function suiteOf({ ciphersuite }: NativeInfo): Ciphersuite | undefined {
  return findCiphersuite(ciphersuite ?? -1);
}
