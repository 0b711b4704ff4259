/**
 * Who the server has to be, told to OpenSSL before the first flight: its name, and its TLSA records where DANE is on
 * (RFC 6698, RFC 7671; avs reference table of DANE). No DNS is asked: the records come from the application.
 */

import { type AssociationRequest, type CertificateInfo, disguiseRefusal, type TlsaRecord } from '@avs-net/core/plugin';
import { isVerifying } from './certificates.ts';
import type { Addon } from './native.ts';
import type { ServerName } from './server-name.ts';

/**
 * Errors: EINVAL without a name or with an address that is no literal, EPROTO if there are records and none of them can
 * be used.
 */
export function expectServer(
  addon: Addon,
  association: number,
  info: CertificateInfo,
  name: ServerName | undefined,
  request: AssociationRequest,
): void {
  const verifying = isVerifying(info);
  const records = info.dane === true ? relevant(request.tlsa ?? [], verifying) : [];
  if (!verifying && records.length === 0) return;
  if (name === undefined) {
    const advice = 'give serverNameIndication, since there is no host to take it from';
    throw request.error({
      code: 'EINVAL',
      message: `the name of the server is needed to verify its certificate; ${advice}`,
    });
  }
  const disguise = disguiseRefusal(name.text);
  if (disguise !== undefined) throw request.error(disguise);
  if (records.length > 0) {
    addon.enableDane(association, name.text);
    const usable = records.filter(({ certificateUsage, selector, matchingType, associationData }) =>
      addon.addTlsaRecord(association, certificateUsage, selector, matchingType, associationData),
    );
    if (usable.length === 0) {
      if (!verifying) return;
      const message = `daneTlsaArray: none of the ${records.length} records can be used: check their sizes and encodings`;
      throw request.error({ code: 'EPROTO', message });
    }
  }
  addon.expectPeer(association, name.text, name.isAddress);
}

/**
 * Without verification DANE is opportunistic, and usages that build on the public authorities say nothing (RFC 7672
 * §3.1.3).
 */
function relevant(records: readonly TlsaRecord[], verifying: boolean): readonly TlsaRecord[] {
  return verifying ? records : records.filter(({ certificateUsage }) => certificateUsage >= TRUST_ANCHOR_ASSERTION);
}

const TRUST_ANCHOR_ASSERTION = 2;
