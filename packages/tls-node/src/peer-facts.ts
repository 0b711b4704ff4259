/** What node:tls knows of an established connection, as facts for `socket.info()`. */

import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { type AssociationInfo, findCiphersuite, type Version } from '@avs-net/core/plugin';

export function peerFacts(socket: TLSSocket): AssociationInfo {
  const suite = findCiphersuite(socket.getCipher().standardName);
  const { alpnProtocol } = socket;
  const peerCertificates = chain(socket.getPeerCertificate(true));
  return {
    version: socket.getProtocol() as Version,
    ...(suite === undefined ? {} : { ciphersuite: { id: suite.id, name: suite.name } }),
    resumed: socket.isSessionReused(),
    ...(typeof alpnProtocol === 'string' ? { alpn: alpnProtocol } : {}),
    ...(peerCertificates.length === 0 ? {} : { peerCertificates }),
  };
}

/** As far as it was given or is known here. A root is its own issuer. */
function chain(leaf: DetailedPeerCertificate | undefined): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  for (let each = leaf; each?.raw !== undefined; each = each.issuerCertificate) {
    certificates.push(new Uint8Array(each.raw));
    if (each.issuerCertificate === each || certificates.length > LONGEST_CHAIN) break;
  }
  return certificates;
}

const LONGEST_CHAIN = 100;
