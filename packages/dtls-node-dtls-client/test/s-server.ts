/**
 * `openssl s_server` on a free loopback port, and datagrams to it. What is written to `stdin` goes to its peer, what
 * the peer sends appears in `output`.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock, LowerSocket } from '@avs-net/core/plugin';

export interface SServer {
  readonly port: number;
  /** Everything it has printed. */
  output(): string;
  write(text: string): void;
  /** Settles when `output` contains `text`. */
  printed(text: string): Promise<void>;
  stop(): Promise<void>;
}

export async function sServer(args: readonly string[]): Promise<SServer> {
  const child = spawn('openssl', ['s_server', '-dtls1_2', '-nocert', '-accept', '127.0.0.1:0', ...args]);
  let output = '';
  const listeners = new Set<() => void>();
  const print = (chunk: Buffer): void => {
    output += chunk.toString('latin1');
    for (const listener of [...listeners]) listener();
  };
  child.stdout.on('data', print);
  child.stderr.on('data', print);
  child.on('exit', () => print(Buffer.from('[exit]')));
  const until = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(output);
        if (found === null && !output.includes('[exit]')) return;
        listeners.delete(look);
        if (found !== null) resolve(found);
        else reject(new Error(`s_server ended: ${output}`));
      };
      listeners.add(look);
      look();
    });
  const [, port] = await until(/ACCEPT 127\.0\.0\.1:(\d+)/);
  return {
    port: Number(port),
    output: () => output,
    write: (text) => child.stdin.write(text),
    printed: async (text) => {
      await until(new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    },
    stop: () => stop(child),
  };
}

export interface DgramLower extends Pick<LowerSocket, 'start' | 'send'> {
  close(): Promise<void>;
}

/** A connected datagram socket. */
export async function dgramLower(port: number): Promise<DgramLower> {
  const socket: Socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  return {
    start(sink) {
      socket.on('message', (data) => sink.receive(data));
    },
    send: (data) => socket.send(data),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export const realClock: Clock = {
  now: () => performance.now(),
  timer(ms, run) {
    const handle = setTimeout(run, ms);
    return { cancel: () => clearTimeout(handle) };
  },
};

async function stop(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}
