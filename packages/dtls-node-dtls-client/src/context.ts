/**
 * Turns a configuration into associations: the PSK and the list of ciphersuites, checked before anything leaves.
 */

import type {
  Association,
  AssociationRequest,
  BackendModule,
  Ciphersuite,
  Configuration,
  Context,
  ContextHost,
  PskIdentityInfo,
  PskInfo,
  PskKeyInfo,
  SecureConfiguration,
} from '@avs-net/core/plugin';
import { findCiphersuite } from '@avs-net/core/plugin';
import { type FilterRules, filtered } from '@avs-net/dtls-endpoint';
import { dtls } from 'node-dtls-client';
import { type AssociationInit, NodeDtlsClientAssociation } from './association.ts';
import { CLAIMS, computable } from './claims.ts';
import type { Library } from './client-socket.ts';
import { LackingFields } from './private-fields.ts';
import { privateFieldsMissing, vitalFields } from './probe.ts';

export function nodeDtlsClientModule(library: Library = dtls): BackendModule {
  const missing = privateFieldsMissing(library);
  const vital = vitalFields(missing);
  if (vital.length > 0) throw new LackingFields(vital);
  const retransmission = missing.length === 0;
  return {
    context(configuration: Configuration, host: ContextHost): Context {
      const { security, ciphersuites } = configuration as SecureConfiguration;
      if (security.mode !== 'psk' || 'lookup' in security) {
        throw host.error({ code: 'ENOTSUP', message: 'security: node-dtls-client is a PSK client and nothing else' });
      }
      const init = {
        library: dtls,
        ...pskOf(security, host),
        ciphersuites: suitesOf(ciphersuites, host),
        retransmission,
      };
      return {
        association(request) {
          if (request.role !== 'client') {
            throw host.error({ code: 'ENOTSUP', message: 'node-dtls-client has no server role' });
          }
          return filteredAssociation(init, request);
        },
        destroy() {},
      };
    },
  };
}

/** The engine behind the record filter: it never sees what can be refused without keys. */
export function filteredAssociation(init: AssociationInit, request: AssociationRequest): Association {
  return filtered(request, (inner) => new NodeDtlsClientAssociation(init, inner), RULES);
}

/** Borrowed from the configuration, which outlives every association. */
function pskOf({ identity, key }: PskInfo, host: ContextHost): { identity: Uint8Array; key: Uint8Array } {
  const { limits } = CLAIMS;
  return {
    identity: bytesOf(identity, 'security.identity', limits!.pskIdentity!, host),
    key: bytesOf(key, 'security.key', limits!.pskKey!, host),
  };
}

function bytesOf(info: PskIdentityInfo | PskKeyInfo, path: string, limit: number, host: ContextHost): Uint8Array {
  if (info.source !== 'buffer') {
    throw host.error({ code: 'EINVAL', message: `${path}: source must be buffer; received ${info.source}` });
  }
  const { length } = info.buffer;
  if (length > limit) {
    throw host.error({ code: 'EINVAL', message: `${path}: at most ${limit} bytes; received ${length}` });
  }
  if (length === 0 && info.type === 'pskKey') {
    throw host.error({ code: 'EINVAL', message: `${path}: a key of no bytes protects nothing` });
  }
  return info.buffer;
}

function suitesOf(wanted: SecureConfiguration['ciphersuites'], host: ContextHost): readonly number[] {
  const possible = CLAIMS.client!.ciphersuites.filter(computable);
  if (wanted === undefined) return possible;
  const found = wanted.map((which) => findCiphersuite(which)).filter((suite): suite is Ciphersuite => !!suite);
  const usable = found.map(({ id }) => id).filter((id) => possible.includes(id));
  if (usable.length === 0) {
    throw host.error({ code: 'ENOTSUP', message: 'ciphersuites: none of them is a PSK suite of node-dtls-client' });
  }
  return usable;
}

/** `reassembly.ts` and `association.ts` bound what they keep, and let a true message follow a forged one. */
const RULES: FilterRules = { certificates: false, boundedEngine: true };
