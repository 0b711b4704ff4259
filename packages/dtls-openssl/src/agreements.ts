/**
 * What a context is told beside its credential: to take or to serve sessions, which application protocols to agree on
 * (RFC 7301), and whether to log keys.
 */

import type { ContextHost, EngineErrorInit, SecureConfiguration } from '@avs-net/core/plugin';
import type { Addon } from './native.ts';
import type { ContextOptions } from './options.ts';
import { idContext } from './session-scope.ts';
import { checkTicketKeys, TicketKeys } from './ticket-keys.ts';

/** Errors: EINVAL. The ticket keys of a server belong to the caller, who wipes them. */
export function useAgreements(
  addon: Addon,
  context: number,
  options: ContextOptions,
  scope: Uint8Array,
  host: ContextHost,
): TicketKeys | undefined {
  const { session } = options.agreements;
  agree(addon, context, options);
  if (options.role === 'client') {
    if (session !== undefined) addon.takeSessions(context);
    return undefined;
  }
  return serveSessions(addon, context, options, scope, host);
}

/** For a context of a server that serves certain names; its sessions are those of the server. Gives its id context. */
export function useNamedAgreements(
  addon: Addon,
  context: number,
  options: ContextOptions,
  scope: Uint8Array,
): Uint8Array {
  agree(addon, context, options);
  const id = serverIdContext(options, scope);
  addon.serveSessions(context, id, false);
  return id;
}

/** Names with their lengths before them. */
export function wireProtocols(names: readonly string[]): Uint8Array {
  return Buffer.concat(names.flatMap((name) => [Buffer.of(Buffer.byteLength(name)), Buffer.from(name)]));
}

/** Errors: EINVAL, ENOTSUP. */
export function checkAgreements(configuration: SecureConfiguration, refuse: (init: EngineErrorInit) => Error): void {
  const { alpn = [], security, server } = configuration;
  for (const [index, name] of alpn.entries()) {
    const size = Buffer.byteLength(name);
    if (size > 0 && size <= MAX_PROTOCOL) continue;
    throw refuse({ code: 'EINVAL', message: `alpn[${index}]: expected 1 to ${MAX_PROTOCOL} bytes, received ${size}` });
  }
  const total = wireProtocols(alpn).length;
  if (total > MAX_PROTOCOLS) {
    const message = `alpn: expected at most ${MAX_PROTOCOLS} bytes in all, received ${total}`;
    throw refuse({ code: 'EINVAL', message });
  }
  if (Array.isArray(server?.ticketKeys)) checkTicketKeys(server.ticketKeys, refuse);
  // Beside clients with certificates there may be others, which have tickets all the same.
  const isOnlyKind = security.mode === 'certificate' && server?.names === undefined;
  if (server?.ticketKeys !== undefined && isOnlyKind && asksForCertificates(security)) {
    const why = 'a ticket would hold the certificate of the client, too much for a hello of one datagram';
    const message = `server.ticketKeys: not supported where clients have certificates, because ${why}`;
    throw refuse({ code: 'ENOTSUP', message });
  }
}

function agree(addon: Addon, context: number, { agreements: { alpn, keylog } }: ContextOptions): void {
  if (alpn !== undefined && alpn.length > 0) addon.useProtocols(context, wireProtocols(alpn));
  if (keylog !== undefined) addon.logKeys(context);
}

function serverIdContext({ minVersion, maxVersion, suites }: ContextOptions, scope: Uint8Array): Uint8Array {
  const ids = suites.map(({ id }) => id);
  return idContext(scope, [minVersion, maxVersion], ids);
}

function serveSessions(
  addon: Addon,
  context: number,
  options: ContextOptions,
  scope: Uint8Array,
  host: ContextHost,
): TicketKeys | undefined {
  const { psk, certificate, names, agreements } = options;
  // A ClientHello that is too long for one datagram could not be answered without state. Of those who may do without a
  // certificate the native side takes out whoever might show one.
  const hasTickets = psk !== undefined || names !== undefined || !asksForCertificates(certificate!.info);
  addon.serveSessions(context, serverIdContext(options, scope), hasTickets);
  if (!hasTickets) return undefined;
  const keys = new TicketKeys(
    agreements.ticketKeys,
    (bytes) => addon.useTicketKeys(context, bytes),
    (init) => host.error(init),
  );
  keys.refresh(host.clock.now());
  return keys;
}

function asksForCertificates(security: object): boolean {
  const { clientAuthentication = 'none' } = security as { clientAuthentication?: string };
  return clientAuthentication !== 'none';
}

const MAX_PROTOCOL = 255;
/** `kMaxProtocols` of native/session-entries.cc. */
const MAX_PROTOCOLS = 4_096;
