/**
 * A relay of datagrams that writes down the number of every protected record: what an eavesdropper sees. The same
 * number twice under the same keys is an AEAD nonce used twice.
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface RecordingRelay extends AsyncDisposable {
  readonly port: number;
  /** Numbers that were seen twice since their handshake, as `direction epoch:number`. */
  readonly twice: readonly string[];
  /** Protected records of either direction. */
  readonly seen: { clients: number; server: number };
  /** Client hellos. */
  hellos: number;
  /** What the server has sent, oldest first. */
  readonly fromServer: readonly Buffer[];
  /** Sends one of those again. */
  replay(datagram: Uint8Array, toPort: number): void;
  /** Resolves when that many protected records more have come from there. */
  more(from: 'clients' | 'server', records: number): Promise<void>;
}

/** To `server`; clients are told apart by their addresses. */
export async function recordingRelay(server: number): Promise<RecordingRelay> {
  const front = await bound();
  const backs = new Map<number, Promise<Socket>>();
  const numbers = { clients: new Set<string>(), server: new Set<string>() };
  const twice: string[] = [];
  const fromServer: Buffer[] = [];
  const waiting = new Set<() => void>();
  const record = (from: 'clients' | 'server', datagram: Buffer): void => {
    for (let at = 0; at + 13 <= datagram.length; ) {
      const withId = datagram[at] === 25;
      const number = datagram.toString('hex', at + 3, at + 11);
      if (number.startsWith('0000')) {
        if (datagram[at] === 22 && datagram[at + 13] === 1) {
          relay.hellos += 1;
          numbers.clients.clear();
          numbers.server.clear();
        }
      } else {
        relay.seen[from] += 1;
        if (numbers[from].has(number)) twice.push(`${from} ${number}`);
        numbers[from].add(number);
      }
      // A record with an id fills its datagram here: the length of the id is the receiver's to know.
      at = withId ? datagram.length : at + 13 + datagram.readUInt16BE(at + 11);
    }
    for (const wake of [...waiting]) wake();
  };
  const back = (client: number): Promise<Socket> => {
    const known = backs.get(client);
    if (known !== undefined) return known;
    const made = bound().then((socket) => {
      socket.on('message', (datagram) => {
        record('server', datagram);
        fromServer.push(datagram);
        front.send(datagram, client, '127.0.0.1');
      });
      return socket;
    });
    backs.set(client, made);
    return made;
  };
  front.on('message', (datagram, { port }) => {
    record('clients', datagram);
    void back(port).then((socket) => socket.send(datagram, server, '127.0.0.1'));
  });
  const relay: RecordingRelay = {
    port: front.address().port,
    twice,
    fromServer,
    replay: (datagram, toPort) => front.send(datagram, toPort, '127.0.0.1'),
    seen: { clients: 0, server: 0 },
    hellos: 0,
    more(from, records) {
      const enough = relay.seen[from] + records;
      return new Promise((resolve) => {
        const look = (): void => {
          if (relay.seen[from] < enough) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
    async [Symbol.asyncDispose]() {
      front.close();
      for (const socket of await Promise.all(backs.values())) socket.close();
    },
  };
  return relay;
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
