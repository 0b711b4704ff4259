/**
 * The registration interface of a LwM2M server, `/rd` over CoAP (LwM2M Core 1.1 §6.2, RFC 7252), for the peers of a
 * bound socket. An endpoint may register only under the PSK identity that it authenticated with (LwM2M Transport 1.1
 * §5.2.8); without security any endpoint may.
 */

import { formatAddress, type Socket } from '@avs-net/core';
import { generate, type NamedOption, type ParsedPacket, parse } from 'coap-packet';
import {
  RegistrationDirectory,
  type RegistrationRequest,
  type RegistrationSettings,
} from './registration-directory.ts';

export {
  type Registration,
  type RegistrationChange,
  RegistrationDirectory,
  type RegistrationSettings,
} from './registration-directory.ts';

export interface RegistrationServerSettings extends RegistrationSettings {
  /** Whether the owner of `identity` may be `endpoint`; default: they are equal. */
  readonly authorise?: (identity: string, endpoint: string) => boolean;
}

export interface RegistrationServer {
  readonly directory: RegistrationDirectory;
  /** Answers the requests of an accepted peer. */
  attend(peer: Socket): void;
}

export function registrationServer(settings: RegistrationServerSettings = {}): RegistrationServer {
  const directory = new RegistrationDirectory(settings);
  return {
    directory,
    attend(peer) {
      const { pskIdentity } = peer.info();
      const client: Client = {
        identity: pskIdentity && new TextDecoder().decode(pskIdentity),
        peer: formatAddress({ host: peer.remoteHost(), port: peer.remotePort() }),
        authorise: settings.authorise ?? ((identity, endpoint) => identity === endpoint),
      };
      let last: { readonly messageId: number; readonly answer: Uint8Array } | undefined;
      peer.on('message', (data) => {
        const request = parsed(data);
        if (request === undefined || request.ack || request.reset || request.code === EMPTY) return;
        // A request that is repeated gets the answer that was lost, and changes nothing (RFC 7252 §4.2).
        if (last?.messageId !== request.messageId) {
          last = { messageId: request.messageId, answer: response(request, handle(request, client, directory)) };
        }
        // A peer that cannot be answered is gone; its lifetime settles the rest.
        peer.send(last.answer).catch(() => peer.close());
      });
    },
  };
}

/** Serves every peer of `server` until it is closed. */
export function serveRegistrations(server: Socket, settings?: RegistrationServerSettings): RegistrationDirectory {
  const { directory, attend } = registrationServer(settings);
  server.on('connection', (peer) => {
    attend(peer);
    peer.on('end', () => void peer.dispose());
    peer.on('error', () => void peer.dispose());
  });
  server.on('close', () => directory.close());
  return directory;
}

interface Client {
  readonly identity: string | undefined;
  readonly peer: string;
  readonly authorise: (identity: string, endpoint: string) => boolean;
}

interface Answer {
  readonly code: string;
  readonly options?: NamedOption[];
  readonly payload?: string;
}

function handle(request: ParsedPacket, client: Client, directory: RegistrationDirectory): Answer {
  const [root, location, ...rest] = values(request, 'Uri-Path');
  if (root !== 'rd' || rest.length > 0) return { code: '4.04' };
  if (location === undefined) return request.code === POST ? register(request, client, directory) : { code: '4.05' };
  const { identity, peer } = client;
  if (request.code === DELETE) return { code: directory.deregister(location, identity) ? '2.02' : '4.04' };
  if (request.code !== POST) return { code: '4.05' };
  const wish = read(request);
  if (typeof wish === 'string') return { code: '4.00', payload: wish };
  return { code: directory.update(location, identity, wish, peer) === undefined ? '4.04' : '2.04' };
}

function register(request: ParsedPacket, client: Client, directory: RegistrationDirectory): Answer {
  const { identity, peer, authorise } = client;
  const wish = read(request);
  if (typeof wish === 'string') return { code: '4.00', payload: wish };
  if (wish.version !== undefined && !VERSIONS.includes(wish.version)) {
    return { code: '4.12', payload: `LwM2M ${VERSIONS.join(', ')} are spoken here` };
  }
  const endpoint = wish.endpoint ?? identity;
  if (endpoint === undefined || endpoint === '') return { code: '4.00', payload: 'ep is missing' };
  if (identity !== undefined && !authorise(identity, endpoint)) {
    return { code: '4.03', payload: 'this PSK identity may not be that endpoint' };
  }
  const registration = directory.register(endpoint, identity, wish, peer);
  if (registration === undefined) return { code: '5.03', payload: 'too many registrations' };
  return { code: '2.01', options: [option('Location-Path', 'rd'), option('Location-Path', registration.location)] };
}

/** The parameters of a request, or what is wrong with them. */
function read(request: ParsedPacket): RegistrationRequest | string {
  const query = new Map<string, string>();
  for (const text of values(request, 'Uri-Query')) {
    const [name = '', value = ''] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
    if (text.includes('=')) query.set(name, value);
  }
  const [endpoint, lifetime, version, binding] = ['ep', 'lt', 'lwm2m', 'b'].map((name) => query.get(name));
  if (lifetime !== undefined && !/^[1-9]\d{0,9}$/.test(lifetime)) return 'lt must be seconds above 0';
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(lifetime !== undefined && { lifetime: Number(lifetime) }),
    ...(version !== undefined && { version }),
    ...(binding !== undefined && { binding }),
    ...(request.payload.length > 0 && { objects: request.payload.toString() }),
  };
}

function response(request: ParsedPacket, { code, options = [], payload = '' }: Answer): Uint8Array {
  const { messageId, token, confirmable } = request;
  return generate({ ack: confirmable, code, messageId, token, options, payload: Buffer.from(payload) });
}

function parsed(data: Uint8Array): ParsedPacket | undefined {
  try {
    return parse(Buffer.from(data));
  } catch {
    return undefined;
  }
}

function values(request: ParsedPacket, name: NamedOption['name']): string[] {
  return request.options.filter((entry) => entry.name === name).map(({ value }) => value.toString());
}

function option(name: NamedOption['name'], value: string): NamedOption {
  return { name, value: Buffer.from(value) };
}

const EMPTY = '0.00';
const POST = '0.02';
const DELETE = '0.04';
const VERSIONS: readonly string[] = ['1.0', '1.1', '1.2'];
