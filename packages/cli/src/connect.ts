/**
 * `avs-net connect`: lines of standard input go out as messages, messages come back. Ends after `--receive` messages,
 * when the peer ends the connection, or when the input has ended and nothing was asked for any more.
 */

import { createInterface } from 'node:readline';
import { createNet, type NetError, type Socket } from '@avs-net/core';
import { discover } from './discovery.ts';
import type { EndpointUri } from './endpoint-uri.ts';
import { connectedEvent, messageEvent, type Report } from './events.ts';
import { clientConfiguration, type SecureOptions, useOf } from './secure-options.ts';

export interface ConnectOptions extends SecureOptions {
  readonly send: readonly string[];
  readonly receive?: number;
  /** Milliseconds for the connection, and again for each message that is awaited. */
  readonly timeout?: number;
}

export async function connect(
  uri: EndpointUri,
  options: ConnectOptions,
  io: { readonly stdin: NodeJS.ReadableStream; readonly cwd: string; readonly report: Report },
): Promise<void> {
  const configuration = clientConfiguration(uri.type, options);
  const { plugins } = await discover(io.cwd);
  const net = createNet({ plugins, use: useOf(uri.type, options, plugins) });
  const limit = options.timeout === undefined ? {} : { timeout: options.timeout };
  try {
    const socket = await net.createSocket(uri.type, configuration);
    const { association } = options;
    const id = `${uri.host}:${uri.port}`;
    const found = association === undefined ? undefined : await socket.continueAssociation(id, limit);
    if (found === undefined) await socket.connect(uri.host, uri.port, limit);
    io.report(connectedEvent(socket));
    for (const text of options.send) await socket.send(bytes(text));
    if (options.receive !== undefined) await receiveCount(socket, options.receive, limit, io.report);
    else if (options.send.length === 0) await converse(socket, io);
    if (association !== undefined) await leave(socket, id, limit);
    await socket.close();
    io.report({ event: 'closed' });
  } finally {
    await net.close();
  }
}

async function receiveCount(
  socket: Socket,
  count: number,
  limit: { readonly timeout?: number },
  report: Report,
): Promise<void> {
  for (let received = 0; received < count; received += 1) {
    const data = await socket.receive(limit);
    if (data === null) return;
    report(messageEvent(data));
  }
}

/** Keeps the association for the next time, unless the peer has ended it. */
async function leave(socket: Socket, id: string, limit: { readonly timeout?: number }): Promise<void> {
  try {
    await socket.exportAssociation(id, { final: true, ...limit });
  } catch (error) {
    if (!['EPIPE', 'ENOTCONN'].includes((error as NetError).code)) throw error;
  }
}

/** Both directions at once, until either side ends. */
async function converse(
  socket: Socket,
  io: { readonly stdin: NodeJS.ReadableStream; readonly report: Report },
): Promise<void> {
  socket.on('message', (data) => io.report(messageEvent(data)));
  const lines = createInterface({ input: io.stdin });
  const ended = new Promise<void>((resolve, reject) => {
    socket.on('end', resolve);
    socket.on('error', reject);
  });
  const typed = (async () => {
    for await (const line of lines) if (line !== '') await socket.send(bytes(line));
  })();
  try {
    await Promise.race([typed, ended]);
  } finally {
    lines.close();
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
