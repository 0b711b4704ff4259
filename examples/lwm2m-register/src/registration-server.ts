/**
 * A small LwM2M registration server: `/rd` behind DTLS-PSK. An endpoint may only register under the PSK identity that
 * it authenticated with (LwM2M Transport 1.1 §5.2.8).
 */

import { randomBytes } from 'node:crypto';
import type { Socket } from '@avs-net/core';
import { generate, type NamedOption, type Packet, type ParsedPacket, parse } from 'coap-packet';
import { option } from './coap-exchange.ts';

export interface Directory {
  /** Location without `/rd/`, and the endpoint that lives there. */
  readonly registrations: ReadonlyMap<string, string>;
}

/** Serves every peer that `server` accepts, until it is closed. */
export async function serveRegistrations(server: Socket): Promise<Directory> {
  const registrations = new Map<string, string>();
  server.on('connection', (peer) => {
    const identity = new TextDecoder().decode(peer.info().pskIdentity ?? new Uint8Array());
    peer.on('message', (data) => {
      const answer = answerTo(data, identity, registrations);
      // A peer that cannot be answered is gone; its own retransmission or lifetime settles the rest.
      if (answer) peer.send(answer).catch(() => peer.close());
    });
  });
  return { registrations };
}

function answerTo(data: Uint8Array, identity: string, registrations: Map<string, string>): Uint8Array | undefined {
  let request: ParsedPacket;
  try {
    request = parse(Buffer.from(data));
  } catch {
    return undefined;
  }
  if (request.ack || request.reset) return undefined;
  const { code, options = [], payload = '' } = handle(request, identity, registrations);
  const response: Packet = {
    ack: request.confirmable,
    code,
    messageId: request.messageId,
    token: request.token,
    options,
    payload: Buffer.from(payload),
  };
  return generate(response);
}

interface Answer {
  readonly code: string;
  readonly options?: NamedOption[];
  readonly payload?: string;
}

function handle(request: ParsedPacket, identity: string, registrations: Map<string, string>): Answer {
  const [root, location, ...rest] = values(request, 'Uri-Path');
  if (root !== 'rd' || rest.length > 0) return { code: '4.04' };
  if (location === undefined) {
    if (request.code !== METHOD_POST) return { code: '4.05' };
    const endpoint = new URLSearchParams(values(request, 'Uri-Query').join('&')).get('ep') ?? identity;
    if (endpoint !== identity) return { code: '4.03', payload: 'the endpoint name must be the PSK identity' };
    for (const [key, known] of registrations) if (known === endpoint) registrations.delete(key);
    const created = randomBytes(4).toString('hex');
    registrations.set(created, endpoint);
    return { code: '2.01', options: [option('Location-Path', 'rd'), option('Location-Path', created)] };
  }
  if (registrations.get(location) !== identity) return { code: '4.04' };
  if (request.code === METHOD_POST) return { code: '2.04' };
  if (request.code !== METHOD_DELETE) return { code: '4.05' };
  registrations.delete(location);
  return { code: '2.02' };
}

function values(request: ParsedPacket, name: NamedOption['name']): string[] {
  return request.options.filter((entry) => entry.name === name).map(({ value }) => value.toString());
}

const METHOD_POST = '0.02';
const METHOD_DELETE = '0.04';
