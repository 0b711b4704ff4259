/**
 * The `openssl` command line as the other side, over real loopback sockets, and an association run by real time.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Clock, systemClock } from '@avs-net/core';
import { type Association, NetError, type SecureConfiguration, type Timer } from '@avs-net/core/plugin';
import { customBackend } from '../src/index.ts';

export interface OpensslPeer extends AsyncDisposable {
  write(line: string): void;
  /** The first match in what it has printed and will print. */
  sees(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Everything it has printed. */
  output(): string;
}

export function openssl(args: readonly string[]): OpensslPeer {
  const child: ChildProcess = spawn('openssl', args, { stdio: 'pipe' });
  let text = '';
  let ended = false;
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      wake();
    });
  }
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true;
      resolve();
      wake();
    };
    child.once('close', end).once('error', (error) => {
      text += String(error);
      end();
    });
  });
  child.stdin!.on('error', () => {});
  return {
    write: (line) => void child.stdin!.write(`${line}\n`),
    output: () => text,
    sees: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = text.match(pattern);
          if (found === null && !ended) return;
          watchers.delete(look);
          if (found === null) reject(new Error(`openssl ended without ${pattern}:\n${text}`));
          else resolve(found);
        };
        watchers.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

export interface RealSide extends AsyncDisposable {
  readonly association: Association;
  readonly port: number;
  readonly drops: string[];
  /** Settles with the phase that follows the handshake. */
  readonly ready: Promise<void>;
  /** The next message. */
  next(): Promise<string>;
  say(text: string): void;
  shutdown(): void;
  readonly closed: Promise<void>;
}

/** One association on a UDP socket of its own; a server takes the first peer that speaks. */
export async function realSide(
  role: 'client' | 'server',
  configuration: SecureConfiguration,
  serverPort?: number,
): Promise<RealSide> {
  const clock: Clock = systemClock;
  const socket: Socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let peer = serverPort;
  const messages: string[] = [];
  const waiting: ((message: string) => void)[] = [];
  const drops: string[] = [];
  let timer: Timer | undefined;
  const ready = deferred();
  const closed = deferred();
  ready.promise.catch(() => {});
  const error = (details: { code: string; message: string }) => new NetError({ ...details, operation: role });
  const arm = (): void => {
    timer?.cancel();
    if (association.deadline === undefined) return;
    timer = clock.timer(association.deadline - clock.now(), () => {
      association.timeout(clock.now());
      arm();
    });
  };
  const context = await (await customBackend.load()).context(configuration, {
    backend: 'custom-backend',
    clock,
    error,
  });
  const association = context.association!({
    role,
    serverName: 'localhost',
    handshakeTimeouts: { min: 1_000, max: 4_000 },
    lowerMtu: 1_472,
    error,
    output: {
      datagram: (bytes) => socket.send(bytes.slice(), peer!, '127.0.0.1'),
      message(bytes) {
        const text = Buffer.from(bytes).toString();
        const first = waiting.shift();
        if (first === undefined) messages.push(text);
        else first(text);
      },
      established: () => ready.resolve(),
      closed: () => closed.resolve(),
      failed: (reason) => ready.reject(reason),
      need(id, what) {
        const { security } = configuration;
        if (what.kind !== 'psk' || !('lookup' in security)) return;
        const answer = security.lookup(what.identity.slice(), new AbortController().signal);
        void Promise.resolve(answer).then((key) => {
          association.answer!(id, key, clock.now());
          arm();
        });
      },
      dropped: (reason) => void drops.push(reason),
    },
  });
  socket.on('message', (data, from) => {
    peer ??= from.port;
    association.receive(data, clock.now());
    arm();
  });
  association.start(clock.now());
  arm();
  return {
    association,
    port: socket.address().port,
    drops,
    ready: ready.promise,
    closed: closed.promise,
    next: () => {
      const message = messages.shift();
      return message === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(message);
    },
    say: (text) => association.send(Buffer.from(text), clock.now()),
    shutdown: () => association.shutdown(clock.now()),
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      association.destroy();
      socket.close();
      await once(socket, 'close');
    },
  };
}

function deferred() {
  let resolve: () => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<void>((good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject };
}
