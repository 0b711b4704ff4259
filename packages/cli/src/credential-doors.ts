/**
 * What weakens a credential and therefore has to be asked for by name.
 */

import type { CertificateInfo, CertificateServerInfo } from '@avs-net/core';
import { withSha1HandshakeSignatures } from '@avs-net/credentials';

export interface DoorOptions {
  readonly sha1Signatures?: boolean;
}

export function doors<T extends CertificateInfo | CertificateServerInfo>(info: T, options: DoorOptions): T {
  return options.sha1Signatures === true ? withSha1HandshakeSignatures(info) : info;
}
