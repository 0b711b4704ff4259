/** What a peer can do once it is authenticated, and what becomes of it: alerts, repeated flights, renegotiation. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Inside, inside, message } from '../test/inside.ts';
import { clientConfiguration, context, End, serverConfiguration } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';

const [CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA] = [20, 21, 22, 23];
const [HELLO_REQUEST, CLIENT_HELLO, FINISHED] = [0, 1, 20];

let pair: Inside;

beforeEach(async () => {
  pair = await inside();
  expect(liveObjects()).toMatchObject({ connections: 0, bios: 0, associations: 2 });
});

afterEach(() => {
  pair.wire.destroy();
  expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
});

describe('an established association', () => {
  it('repeats its last flight with new numbers when the Finished of its peer comes again', async () => {
    const { server } = pair.wire;
    const seen: string[] = [];
    for (let count = 0; count < 3; count++) {
      pair.deliver('server', HANDSHAKE, message(FINISHED, new Uint8Array(12)));
      seen.push(...server.sent.splice(0).flatMap((bytes) => numbers(bytes, 2)));
    }
    expect(seen.every((one) => /^(20|22|25)\//.test(one))).toBe(true);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((one) => one.startsWith('25/1/'))).toEqual(['25/1/1', '25/1/2', '25/1/3']);
    expect(seen.filter((one) => one.startsWith('20/0/'))).toHaveLength(3);
    expect(server.refusals).toEqual([]);
  });

  it('does so no more often than any schedule, and not for pieces', () => {
    const { server } = pair.wire;
    const piece = Buffer.from(message(FINISHED, new Uint8Array(12)));
    piece[8] = 6;
    pair.deliver('server', HANDSHAKE, piece);
    expect([server.sent, server.refusals.splice(0)]).toEqual([[], ['repeatedFlight']]);
    for (let count = 0; count < 40; count++) pair.deliver('server', HANDSHAKE, message(FINISHED, new Uint8Array(12)));
    expect(server.sent).toHaveLength(32);
  });

  it('of a client that did not speak last has nothing to repeat', () => {
    pair.deliver('client', HANDSHAKE, message(FINISHED, new Uint8Array(12)));
    expect([pair.wire.client.sent, pair.wire.client.refusals]).toEqual([[], ['repeatedFlight']]);
  });

  it.each([
    ['client', HELLO_REQUEST],
    ['server', CLIENT_HELLO],
  ] as const)('of a %s refuses to renegotiate, and says so once', (role, type) => {
    const end = pair.wire[role];
    for (let count = 0; count < 3; count++) pair.deliver(role, HANDSHAKE, message(type));
    expect(end.refusals).toEqual(['renegotiation', 'renegotiation', 'renegotiation']);
    expect(end.sent).toHaveLength(1);
    pair.wire.carry();
    const other = role === 'client' ? pair.wire.server : pair.wire.client;
    expect(alertsOf(other)).toEqual(['peer warning no_renegotiation']);
    expect([end, other].map(({ association }) => association.phase)).toEqual(['established', 'established']);
  });

  it('makes nothing of records that mean nothing', () => {
    const { server } = pair.wire;
    pair.deliver('server', CHANGE_CIPHER_SPEC, Uint8Array.of(1));
    pair.deliver('server', HANDSHAKE, message(HELLO_REQUEST));
    pair.deliver('server', HANDSHAKE, new Uint8Array(11));
    pair.deliver('server', ALERT, Uint8Array.of(2));
    pair.deliver('server', ALERT, Uint8Array.of(3, 0));
    expect(server.refusals).toEqual(Array(5).fill('unexpectedRecord'));
    pair.deliver('server', DATA, new Uint8Array(0));
    expect([server.messages, server.sent, server.association.phase]).toEqual([[], [], 'established']);
  });

  it('bears five warnings in a row', () => {
    const { client } = pair.wire;
    const warn = (count: number): void => {
      for (let each = 0; each < count; each++) pair.deliver('client', ALERT, Uint8Array.of(1, 90));
    };
    warn(4);
    pair.deliver('client', DATA, Uint8Array.of(1));
    warn(7);
    expect(alertsOf(client)).toEqual(Array(9).fill('peer warning user_canceled'));
    expect(client.refusals).toEqual(['unexpectedRecord', 'unexpectedRecord']);
    expect(client.association.phase).toBe('established');
  });

  it.each(['client', 'server'] as const)('of a %s ends with the fatal alert of its peer', (role) => {
    const end = pair.wire[role];
    pair.deliver(role, ALERT, Uint8Array.of(2, 80));
    expect(end.error).toMatchObject({ code: 'EPROTO', alert: { name: 'internal_error', origin: 'peer' } });
    expect([end.sent, end.association.phase]).toEqual([[], 'closed']);
    expect(() => end.association.send(Uint8Array.of(1), 0)).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
  });

  it('answers close_notify once', () => {
    const { client, server } = pair.wire;
    pair.deliver('server', ALERT, Uint8Array.of(1, 0));
    expect(server.ended?.alert).toMatchObject({ name: 'close_notify', origin: 'peer' });
    expect(server.sent).toHaveLength(1);
    pair.deliver('server', ALERT, Uint8Array.of(1, 0));
    pair.wire.carry();
    expect(client.ended?.alert).toMatchObject({ name: 'close_notify' });
    expect([server.sent, alertsOf(server)]).toEqual([[], ['peer warning close_notify', 'local warning close_notify']]);
  });

  it('ends when its numbers are used up', () => {
    const configuration = clientConfiguration({ connectionId: { length: 2 } });
    const state = Buffer.from(pair.wire.client.association.continuation!.save(0));
    // The number to begin with, and the newest of the peer and one.
    const at = state.lastIndexOf(Buffer.from('00000000000000010000000000000001', 'hex'));
    state.set(Buffer.from('0000fffffffffffc', 'hex'), at);
    const made = context(configuration);
    const end = new End('client', made, configuration, { continued: state });
    end.association.start(0);
    end.association.continuation!.save(1_000);
    end.association.continuation!.stored();
    for (let count = 0; count < 3; count++) end.association.send(Uint8Array.of(count), 0);
    expect([end.sent.length, end.error]).toEqual([3, undefined]);
    end.association.send(Uint8Array.of(3), 0);
    expect(end.error).toMatchObject({ code: 'EPROTO', message: expect.stringMatching(/used up its 2\^48 record/) });
    expect(end.association.phase).toBe('closed');
    end.association.destroy();
    made.destroy();
  });
});

it('a client that resumed speaks last and repeats that', async () => {
  const session = new Map<string, Uint8Array>();
  const server = serverConfiguration({ connectionId: { length: 4 }, server: { ticketKeys: [Buffer.alloc(32, 7)] } });
  const full = await inside({ session }, undefined, server);
  const resumed = await inside({ session }, { client: { session: full.wire.client.sessions[0]! } }, server);
  const { client } = resumed.wire;
  expect(client.association.info()).toMatchObject({ resumed: true, connectionId: { own: expect.anything() } });
  resumed.deliver('client', HANDSHAKE, message(FINISHED, new Uint8Array(12)));
  expect(client.sent.flatMap((bytes) => numbers(bytes, 4)).map((one) => one.slice(0, 4))).toEqual(['20/0', '25/1']);
  for (const each of [full, resumed]) each.wire.destroy();
});

function alertsOf({ traces }: End): string[] {
  return traces.flatMap(({ type, alert }) => {
    const { origin, level, name } = (alert ?? {}) as Record<string, string>;
    return type === 'alert' ? [`${origin} ${level} ${name}`] : [];
  });
}

/** Type, epoch and number of each record; the client gives ids of two bytes, the server of four. */
function numbers(bytes: Uint8Array, idLength: number): string[] {
  const found: string[] = [];
  const data = Buffer.from(bytes);
  for (let at = 0; at < data.length; ) {
    found.push(`${data[at]}/${data.readUInt16BE(at + 3)}/${data.readUIntBE(at + 5, 6)}`);
    const lengthAt = at + 11 + (data[at] === 25 ? idLength : 0);
    at = lengthAt + 2 + data.readUInt16BE(lengthAt);
  }
  return found;
}
