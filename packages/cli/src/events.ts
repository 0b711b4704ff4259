/**
 * What the command line reports while it runs: with `--json` one object per line (a stable interface), otherwise the
 * same facts as a sentence.
 */

import { type Address, type Alert, formatAddress, isNetError, type Socket, type SocketStatistics } from '@avs-net/core';
import type { Registration, RegistrationChange } from './registration-directory.ts';

export type Event =
  | {
      readonly event: 'connected';
      readonly backend: string;
      readonly version?: string;
      readonly ciphersuite?: string;
      readonly resumed?: boolean;
      /** Without a handshake. */
      readonly continued?: boolean;
      readonly innerMtu?: number;
      readonly handshakeMs?: number;
      readonly localPort: number;
      readonly peer: string;
    }
  | { readonly event: 'listening'; readonly host: string; readonly port: number }
  | { readonly event: 'accepted'; readonly peer: string; readonly identity?: string; readonly ciphersuite?: string }
  | { readonly event: 'message'; readonly text?: string; readonly hex?: string; readonly from?: string }
  | { readonly event: 'closed'; readonly peer?: string }
  | ({
      readonly event: 'registration';
      readonly change: RegistrationChange;
      /** How many there are now. */
      readonly registrations: number;
    } & Registration)
  | { readonly event: 'stats'; readonly stats: SocketStatistics }
  | {
      readonly event: 'error';
      readonly code: string;
      readonly operation?: string;
      readonly backend?: string;
      readonly alert?: Alert;
      readonly message: string;
    };

export type Report = (event: Event) => void;

export function reporter(output: NodeJS.WritableStream, json: boolean): Report {
  return (event) => output.write(`${json ? JSON.stringify(event) : sentence(event)}\n`);
}

/** Text where the bytes are UTF-8 without control characters, hex otherwise. */
export function messageEvent(data: Uint8Array, from?: Address): Event {
  const peer = from === undefined ? {} : { from: formatAddress(from) };
  const text = asText(data);
  return text === undefined
    ? { event: 'message', hex: Buffer.from(data).toString('hex'), ...peer }
    : { event: 'message', text, ...peer };
}

export function connectedEvent(socket: Socket): Event {
  const info = socket.info();
  return {
    event: 'connected',
    backend: socket.backend,
    ...(info.version !== undefined && { version: info.version }),
    ...(info.ciphersuite !== undefined && { ciphersuite: info.ciphersuite.name }),
    ...(info.resumed !== undefined && { resumed: info.resumed }),
    ...(info.continued === true && { continued: true }),
    ...innerMtu(socket),
    ...(info.handshakeMs !== undefined && { handshakeMs: Math.round(info.handshakeMs) }),
    localPort: socket.localPort(),
    peer: formatAddress({ host: socket.remoteHost(), port: socket.remotePort() }),
  };
}

export function errorEvent(error: unknown): Event {
  if (!isNetError(error)) return { event: 'error', code: 'UNKNOWN_ERROR', message: String(error) };
  return {
    event: 'error',
    code: error.code,
    operation: error.operation,
    ...(error.backend !== undefined && { backend: error.backend }),
    ...(error.alert !== undefined && { alert: error.alert }),
    message: error.message,
  };
}

/** Identities are mostly text; shown as hex where they are not. */
export function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return /^[^\p{Cc}]*$/u.test(text.replace(/[\t\n\r]/g, '')) ? text : undefined;
  } catch {
    return undefined;
  }
}

function innerMtu(socket: Socket): { innerMtu?: number } {
  try {
    return { innerMtu: socket.getOption('innerMtu') };
  } catch {
    return {};
  }
}

function sentence(event: Event): string {
  switch (event.event) {
    case 'connected': {
      const { backend, peer, version, ciphersuite, handshakeMs, innerMtu: mtu } = event;
      const facts = [version, ciphersuite, handshakeMs !== undefined && `${handshakeMs} ms`, mtu && `inner MTU ${mtu}`];
      return `connected to ${peer} (${[backend, ...facts].filter(Boolean).join(', ')})`;
    }
    case 'listening':
      return `listening on ${formatAddress(event)}`;
    case 'accepted':
      return `accepted ${event.peer}${event.identity === undefined ? '' : ` as ${JSON.stringify(event.identity)}`}`;
    case 'message':
      return `${event.from === undefined ? '' : `${event.from}: `}${event.text ?? `0x${event.hex}`}`;
    case 'closed':
      return event.peer === undefined ? 'closed' : `closed ${event.peer}`;
    case 'registration': {
      const { change, endpoint, location, lifetime, objects, peer, registrations } = event;
      const facts = `/rd/${location}, ${lifetime} s, ${objects === '' ? 'no objects' : objects}`;
      return `${change} ${endpoint} at ${peer} (${facts}); ${registrations} registered`;
    }
    case 'stats':
      return `counted ${JSON.stringify(event.stats)}`;
    case 'error':
      return `error: ${event.message}`;
  }
}
