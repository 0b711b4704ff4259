/**
 * The client side of the LwM2M registration interface: Register, Update, De-register
 * (LwM2M Core 1.1 §6.2), over a connected socket.
 */

import type { Socket } from '@avs-net/core';
import type { ParsedPacket } from 'coap-packet';
import { coapExchange, type Exchange } from './coap-exchange.ts';

export interface Registration {
  /** Path that the server chose, for example `/rd/5a3f`. */
  readonly location: string;
  update(): Promise<void>;
  deregister(): Promise<void>;
}

export async function register(socket: Socket, endpoint: string): Promise<Registration> {
  const coap: Exchange = coapExchange(socket);
  const created = await coap.request('POST', '/rd', {
    query: [`ep=${endpoint}`, 'lt=86400', 'lwm2m=1.1', 'b=U'],
    contentFormat: LINK_FORMAT,
    payload: '</1/0>,</3/0>',
  });
  expectCode(created, '2.01', 'Register');
  const location = `/${locationPath(created).join('/')}`;
  return {
    location,
    async update() {
      expectCode(await coap.request('POST', location, { query: ['lt=86400'] }), '2.04', 'Update');
    },
    async deregister() {
      expectCode(await coap.request('DELETE', location), '2.02', 'De-register');
    },
  };
}

function locationPath(packet: ParsedPacket): string[] {
  return packet.options.filter(({ name }) => name === 'Location-Path').map(({ value }) => value.toString());
}

function expectCode(packet: ParsedPacket, code: string, operation: string): void {
  if (packet.code === code) return;
  const diagnostic = packet.payload.length > 0 ? `: ${packet.payload.toString()}` : '';
  throw new Error(`${operation} was answered ${packet.code} instead of ${code}${diagnostic}`);
}

/** application/link-format, RFC 6690. */
const LINK_FORMAT = 40;
