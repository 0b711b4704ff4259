/**
 * What all connections of one configuration share: resolved credentials in an SSL_CTX of node:tls. Errors surface here,
 * before anything leaves.
 */

import { randomBytes } from 'node:crypto';
import tls from 'node:tls';
import {
  type AssociationRequest,
  type CertificateInfo,
  type CertificateServerInfo,
  type Configuration,
  type Context,
  type ContextHost,
  isNetError,
  type PskInfo,
  type PskServerInfo,
  type SecureConfiguration,
} from '@avs-net/core/plugin';
import { AcceptorPool } from './acceptor.ts';
import { type Open, TlsAssociation } from './association.ts';
import { openClient } from './client.ts';
import { type Credential, clientCertificates, clientPsk, serverCertificates, serverPsk } from './credential.ts';
import { type ContextOptions, contextOptions } from './options.ts';
import { openServer, type ServerSecurity } from './server.ts';

/** Errors: EINVAL and ENOTSUP for what the configuration asks for, and those of resolving credentials. */
export async function createContext(given: Configuration, host: ContextHost): Promise<Context> {
  const configuration = given as SecureConfiguration;
  const options = contextOptions(configuration, (init) => host.error(init));
  const { role, mode } = options;
  const credential = await resolve(configuration, options, host);
  const opener = explained(host, credential, () =>
    role === 'client' ? client(configuration, options, credential) : server(configuration, options, credential),
  );
  return {
    association(request) {
      if (request.role !== role) {
        const message = `the credential is that of a ${role} and cannot serve a ${request.role}`;
        throw request.error({ code: 'EINVAL', message });
      }
      const { keylog } = configuration;
      return new TlsAssociation(request, { psk: mode === 'psk', keylog }, opener.open(request));
    },
    sessionScope: credential.scope,
    destroy() {
      opener.destroy?.();
      credential.wipe();
    },
  };
}

interface Opener {
  open(request: AssociationRequest): Open;
  destroy?(): void;
}

async function resolve(
  { security }: SecureConfiguration,
  { role, mode }: ContextOptions,
  host: ContextHost,
): Promise<Credential> {
  const refuse: ContextHost['error'] = (init) => host.error(init);
  if (role === 'client') {
    return mode === 'psk'
      ? clientPsk(security as PskInfo, refuse)
      : clientCertificates(security as CertificateInfo, refuse);
  }
  if (mode === 'certificate') return serverCertificates(security as CertificateServerInfo, refuse);
  return serverPsk(security as PskServerInfo, refuse);
}

function client(
  configuration: SecureConfiguration,
  { protocol, alpn }: ContextOptions,
  credential: Credential,
): Opener {
  // Whatever is trusted is an anchor, a root or not. A server of node cannot be told so.
  const secureContext = tls.createSecureContext({ ...protocol, ...credential.secrets, allowPartialTrustChain: true });
  // The SSL_CTX has its own now.
  if (credential.psk === undefined) credential.wipe();
  const verifies = (configuration.security as CertificateInfo).serverCertValidation !== false;
  const options = { secureContext, verifies, psk: credential.psk, alpn };
  return { open: (request) => openClient(options, request) };
}

function server(
  configuration: SecureConfiguration,
  { mode, protocol, alpn }: ContextOptions,
  { secrets, hint }: Credential,
): Opener {
  const security = configuration.security as ServerSecurity;
  const { clientAuthentication = 'none' } = security as CertificateServerInfo;
  const pool = new AcceptorPool(
    {
      ...protocol,
      ...secrets,
      requestCert: clientAuthentication !== 'none',
      rejectUnauthorized: clientAuthentication === 'required',
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
      ...(hint === undefined ? {} : { pskIdentityHint: hint }),
      // Tickets of one acceptor are good for all, and for nobody else's.
      ticketKeys: randomBytes(TICKET_KEYS),
      sessionIdContext: randomBytes(SESSION_ID_CONTEXT / 2).toString('hex'),
    },
    { psk: mode === 'psk', keylog: configuration.keylog !== undefined },
  );
  return { open: (request) => openServer(pool, security, request), destroy: () => pool.destroy() };
}

/** What node:tls does not take, in words and with its own. */
function explained(host: ContextHost, credential: Credential, make: () => Opener): Opener {
  try {
    return make();
  } catch (cause) {
    credential.wipe();
    if (isNetError(cause)) throw cause;
    const { code, reason, message } = Object(cause) as { code?: unknown; reason?: unknown; message?: unknown };
    const text = String(reason ?? message ?? cause).split('\n', 1)[0]!;
    const library = typeof code === 'string' ? { code, text } : undefined;
    throw host.error({ code: 'EINVAL', message: `node:tls refuses the configuration: ${text}`, library });
  }
}

/** Sizes that node and OpenSSL want, bytes and characters. */
const TICKET_KEYS = 48;
const SESSION_ID_CONTEXT = 32;
