import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { memoryUdp } from '../../test/memory-udp.ts';
import { identity, key, type ScriptedDtls, scriptedDtls } from '../../test/scripted-dtls.ts';
import { settle } from '../../test/secure-net.ts';
import type { RoleClaims } from '../contract/claims.ts';
import type { SecureConfiguration, SessionStore } from '../contract/configuration.ts';
import { createNet } from '../net/create-net.ts';
import type { Net } from '../net/net.ts';
import type { Socket } from '../socket/socket.ts';

const role: RoleClaims = {
  security: ['psk'],
  versions: ['DTLSv1.2'],
  ciphersuites: [0xc0a8],
  sources: ['buffer'],
  sni: true,
};
const claims = { client: { ...role, resumption: true }, server: role };

interface Resuming {
  readonly dtls: ScriptedDtls;
  readonly net: Net;
  /** Connects a new client. */
  connect(host?: string, where?: { port?: number; signal?: AbortSignal }): Promise<Socket>;
  /** What the association number `index` was given to resume. */
  offered(index: number): string | undefined;
}

async function resuming(store: SessionStore, sessionScope: string | null = 'scope'): Promise<Resuming> {
  const dtls = scriptedDtls('dtls-scripted', claims);
  dtls.change = sessionScope === null ? {} : { sessionScope };
  const offers: (string | undefined)[] = [];
  const net = createNet({ plugins: [memoryUdp().plugin, dtls.plugin], clock: manualClock() });
  const server = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => undefined } });
  await server.bind('', 5684);
  server.on('connection', () => {});
  const configuration: SecureConfiguration = { security: { mode: 'psk', key, identity }, session: store };
  const originalPush = dtls.associations.push.bind(dtls.associations);
  dtls.associations.push = (association) => {
    const { session, role: whose } = association.request;
    if (whose === 'client') offers.push(session && Buffer.from(session).toString());
    return originalPush(association);
  };
  return {
    dtls,
    net,
    async connect(host = '192.0.2.1', { port = 5684, signal } = {}) {
      const client = await net.createSocket('dtls', configuration);
      await client.connect(host, port, signal && { signal });
      return client;
    },
    offered: (index) => offers[index],
  };
}

const ticket = (dtls: ScriptedDtls, text: string): void => {
  const client = dtls.associations.filter(({ request }) => request.role === 'client').at(-1)!;
  client.request.output.session?.(Buffer.from(text));
};

describe('a socket with a session store', () => {
  it('offers the latest session of an earlier socket', async () => {
    const subject = await resuming(new Map());
    await subject.connect();
    ticket(subject.dtls, 'first');
    ticket(subject.dtls, 'second');
    await subject.connect();
    expect([subject.offered(0), subject.offered(1)]).toEqual([undefined, 'second']);
  });

  it('wipes what it offered when the handshake is done', async () => {
    const subject = await resuming(new Map());
    await subject.connect();
    ticket(subject.dtls, 'first');
    await subject.connect();
    const { session } = subject.dtls.associations.filter(({ request }) => request.role === 'client').at(-1)!.request;
    expect(session).toEqual(new Uint8Array(5));
  });

  it('offers nothing to another name', async () => {
    const subject = await resuming(new Map());
    await subject.connect();
    ticket(subject.dtls, 'first');
    await subject.connect('192.0.2.2');
    expect(subject.offered(1)).toBeUndefined();
  });

  it('keeps nothing of an engine that does not say what a session is bound to', async () => {
    const store = new Map<string, Uint8Array>();
    const subject = await resuming(store, null);
    await subject.connect();
    ticket(subject.dtls, 'first');
    await settle();
    expect(store.size).toBe(0);
  });

  it('forgets a session with which the handshake failed', async () => {
    const store = new Map<string, Uint8Array>();
    const subject = await resuming(store);
    await subject.connect();
    ticket(subject.dtls, 'first');
    await settle();
    expect(store.size).toBe(1);
    const hostile = await subject.net.createSocket('udp');
    await hostile.bind('', 5685);
    const failing = expect(subject.connect('192.0.2.1', { port: 5685 })).rejects.toMatchObject({ code: 'EPROTO' });
    const { from } = (await hostile.receiveFrom())!;
    await hostile.sendTo(Buffer.from('F'), from.host, from.port);
    await failing;
    expect(subject.offered(1)).toBe('first');
    await settle();
    expect(store.size).toBe(0);
  });

  it('forgets a session whose handshake was answered and not finished, but not one that nobody answered', async () => {
    const store = new Map<string, Uint8Array>();
    const subject = await resuming(store);
    await subject.connect();
    ticket(subject.dtls, 'first');
    await settle();
    const other = await subject.net.createSocket('udp');
    await other.bind('', 5685);
    for (const [answer, left] of [
      [undefined, 1],
      ['junk', 0],
    ] as const) {
      const controller = new AbortController();
      const connecting = subject.connect('192.0.2.1', { port: 5685, signal: controller.signal });
      const failing = expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
      const { from } = (await other.receiveFrom())!;
      if (answer !== undefined) await other.sendTo(Buffer.from(answer), from.host, from.port);
      await settle();
      controller.abort();
      await failing;
      await settle();
      expect(store.size).toBe(left);
    }
  });

  it('is stored when close resolves', async () => {
    const stored: string[] = [];
    let finish = (): void => {};
    const store: SessionStore = {
      get: () => undefined,
      delete: () => {},
      set: () =>
        new Promise<void>((resolve) => {
          finish = () => {
            stored.push('stored');
            resolve();
          };
        }),
    };
    const subject = await resuming(store);
    const client = await subject.connect();
    ticket(subject.dtls, 'first');
    await settle();
    const closing = client.close().then(() => stored.push('closed'));
    await settle();
    finish();
    await closing;
    expect(stored).toEqual(['stored', 'closed']);
  });

  it('can be given up while the store takes its time', async () => {
    const subject = await resuming({ get: () => new Promise(() => {}), set: () => {}, delete: () => {} });
    const controller = new AbortController();
    const connecting = subject.connect('192.0.2.1', { signal: controller.signal });
    await settle();
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError', code: 'ECONNABORTED' });
    expect(subject.dtls.associations).toHaveLength(0);
  });
});
