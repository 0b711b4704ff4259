/**
 * Broken copies of dtls-openssl, whose certificates the reference backend has not: one thing changed at the border of
 * the contract, and the case that is there to catch it.
 */

import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Core } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import {
  type Association,
  type AssociationRequest,
  type SecureConfiguration,
  unmapAddress,
} from '@avs-net/core/plugin';
import { withoutServerCertValidation, withSha1HandshakeSignatures } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { brokenCopy, type Mutant, overridden } from './broken-copy.ts';

export const CERTIFICATE_MUTANTS: readonly Mutant[] = [
  mutant('ignores verification', 'certificate/wrong-authority', {
    security: (security) => (isClient(security) ? withoutServerCertValidation(security) : security),
  }),
  mutant('takes any name for the right one', 'certificate/wrong-name', {
    request: (request) => ({ ...request, serverName: 'other.example' }),
  }),
  mutant('takes IPv6 literals for names', 'certificate/ipv6-address', {
    request: (request) => (isIPv6(request.serverName ?? '') ? { ...request, serverName: 'x.example' } : request),
  }),
  mutant('takes a mapped address for the IPv4 address', 'certificate/ipv6-address', {
    request: ({ serverName = '', ...rest }) => ({ ...rest, serverName: unmapAddress(serverName) }),
  }),
  mutant('sees through disguises', 'certificate/disguised-address', {
    request: ({ serverName = '', ...rest }) => ({ ...rest, serverName: domainToASCII(serverName) || serverName }),
  }),
  mutant('forgets revocation lists', 'certificate/revoked', { security: without('certRevocationLists') }),
  mutant('forgets revocation lists as server', 'certificate/server-revoked', {
    security: without('certRevocationLists'),
  }),
  mutant('forgets that DANE is on', 'certificate/dane', { security: without('dane') }),
  mutant('lets clients in that show nothing', 'certificate/server-refuses-nobody', {
    security: (security) =>
      'clientAuthentication' in security ? { ...security, clientAuthentication: 'optional' } : security,
  }),
  mutant('asks no client who it is', 'certificate/server-refuses-stranger', {
    security: without('clientAuthentication'),
  }),
  mutant('does not know the path', 'certificate/narrow-path', {
    request: (request) => ({ ...request, lowerMtu: 4_096 }),
  }),
  mutant('hides who the peer is', 'certificate/client-connects', {
    association: (sound) => ({
      info() {
        const { peerCertificates: _, ...rest } = sound.info();
        return rest;
      },
    }),
  }),
  mutant('forgets that SHA-1 was asked for', 'certificate/client-sha1-signatures', { security: withoutBrands }),
  ...(['client', 'server'] as const).map((role) => ({
    ...mutant(`signs with SHA-1 unasked as ${role}`, `certificate/${role}-sha1-signatures`, {}),
    core: { ...core, createNet: signingUnasked },
  })),
];

/** A net whose sockets all have the door open. */
function signingUnasked(options: Parameters<Core['createNet']>[0]): core.Net {
  const net = core.createNet(options);
  const createSocket = net.createSocket.bind(net) as (type: string, asked: SecureConfiguration) => Promise<core.Socket>;
  return new Proxy(net, {
    get(target, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (property !== 'createSocket') return typeof value === 'function' ? value.bind(target) : value;
      return (type: string, asked: SecureConfiguration) => {
        const security = asked.security?.mode === 'certificate' && withSha1HandshakeSignatures(asked.security);
        return createSocket(type, security ? { ...asked, security } : asked);
      };
    },
  });
}

type Security = SecureConfiguration['security'];

interface Change {
  readonly security?: (security: Security) => Security;
  readonly request?: (request: AssociationRequest) => AssociationRequest;
  readonly association?: (sound: Association) => Partial<Association>;
}

function mutant(name: string, caughtBy: string, { security, request, association }: Change): Mutant {
  const plugin = brokenCopy(dtlsOpenssl, {
    configuration: security && ((configuration) => ({ ...configuration, security: security(configuration.security) })),
    association: (make) => (asked) => {
      const sound = make(request?.(asked) ?? asked);
      return association ? overridden(sound, association(sound)) : sound;
    },
  });
  return { name, caughtBy, plugin };
}

function isClient(security: Security): security is Parameters<typeof withoutServerCertValidation>[0] {
  return security.mode === 'certificate' && !('serverCert' in security);
}

/** As it looks when symbols are not copied. */
function withoutBrands(security: Security): Security {
  return Object.fromEntries(Object.entries(security)) as unknown as Security;
}

/** Whatever does not meet the eye, such as the brand of a door, is kept. */
function without(field: string): (security: Security) => Security {
  return (security) => {
    const { [field]: _, ...kept } = Object.getOwnPropertyDescriptors(security) as PropertyDescriptorMap;
    const brands = Object.getOwnPropertySymbols(security).map((brand) => [brand, kept[brand as unknown as string]!]);
    return Object.defineProperties({}, { ...kept, ...Object.fromEntries(brands) }) as Security;
  };
}
