/**
 * One confirmable CoAP exchange over a socket: request, retransmission, matching answer (RFC 7252 §4.2, §5.3).
 * Knows nothing of DTLS: the socket is whatever the configuration made it.
 */

import { randomBytes, randomInt } from 'node:crypto';
import { isNetError, type Socket } from '@avs-net/core';
import { generate, type NamedOption, type Packet, type ParsedPacket, parse } from 'coap-packet';

export interface Exchange {
  request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, options?: RequestOptions): Promise<ParsedPacket>;
}

export interface RequestOptions {
  /** Uri-Query options, `name=value`. */
  readonly query?: readonly string[];
  readonly contentFormat?: number;
  readonly payload?: string;
}

export function coapExchange(socket: Socket): Exchange {
  let messageId = randomInt(0x1_0000);
  return {
    async request(method, path, { query = [], contentFormat, payload = '' } = {}) {
      messageId = (messageId + 1) & 0xffff;
      const token = randomBytes(4);
      const options: NamedOption[] = [
        ...path
          .split('/')
          .filter(Boolean)
          .map((segment) => option('Uri-Path', segment)),
        ...(contentFormat === undefined ? [] : [{ name: 'Content-Format' as const, value: Buffer.of(contentFormat) }]),
        ...query.map((text) => option('Uri-Query', text)),
      ];
      const request: Packet = {
        code: METHODS[method],
        messageId,
        token,
        confirmable: true,
        options,
        payload: Buffer.from(payload),
      };
      return await confirmed(socket, generate(request), messageId, token);
    },
  };
}

function option(name: NamedOption['name'], value: string): NamedOption {
  return { name, value: Buffer.from(value) };
}

async function confirmed(socket: Socket, request: Uint8Array, messageId: number, token: Buffer): Promise<ParsedPacket> {
  for (let attempt = 0, wait = ACK_TIMEOUT; attempt <= MAX_RETRANSMIT; attempt += 1, wait *= 2) {
    await socket.send(request);
    const answer = await answerWithin(socket, wait, messageId, token);
    if (answer) return answer;
  }
  throw new Error(`no answer to message ${messageId} after ${MAX_RETRANSMIT} retransmissions`);
}

async function answerWithin(
  socket: Socket,
  timeout: number,
  messageId: number,
  token: Buffer,
): Promise<ParsedPacket | undefined> {
  for (;;) {
    const data = await socket.receive({ timeout }).catch((error: unknown) => {
      if (isNetError(error) && error.code === 'ETIMEDOUT') return undefined;
      throw error;
    });
    if (data === undefined) return undefined;
    if (data === null) throw new Error('the server closed the connection');
    const packet = parse(Buffer.from(data));
    if (packet.token.equals(token)) {
      if (packet.confirmable) await socket.send(generate({ ack: true, code: '0.00', messageId: packet.messageId }));
      return packet;
    }
    if (packet.reset && packet.messageId === messageId) throw new Error('the server rejected the message');
  }
}

const METHODS = { GET: '0.01', POST: '0.02', PUT: '0.03', DELETE: '0.04' } as const;

/** RFC 7252 §4.8, milliseconds. */
const ACK_TIMEOUT = 2_000;
const MAX_RETRANSMIT = 4;
