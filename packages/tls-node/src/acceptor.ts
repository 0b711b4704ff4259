/**
 * Server handshakes of node:tls. Only a `tls.Server` verifies client certificates, and it does not say which stream a
 * connection came over; so each serves one handshake at a time, and there are as many as there are handshakes at once.
 */

import tls, { type TLSSocket, type TlsOptions } from 'node:tls';
import type { LowerStream } from './lower-stream.ts';

/** One handshake. */
export interface Candidate {
  secure(socket: TLSSocket): void;
  failed(error: unknown): void;
  /** The key of an identity; null refuses it openly. */
  key(identity: string): Uint8Array | null;
  keylog(line: Buffer): void;
}

/** Which callbacks are wanted. */
export interface AcceptorUses {
  readonly psk: boolean;
  readonly keylog: boolean;
}

export class AcceptorPool {
  readonly #options: TlsOptions;
  readonly #uses: AcceptorUses;
  readonly #idle: Acceptor[] = [];

  constructor(options: TlsOptions, uses: AcceptorUses) {
    this.#options = options;
    this.#uses = uses;
    // Wrong options are found now.
    this.#idle.push(this.#make());
  }

  /** Begins a handshake; what it returns gives it up. */
  accept(stream: LowerStream, candidate: Candidate): () => void {
    const acceptor = this.#idle.pop() ?? this.#make();
    return acceptor.begin(stream, candidate, () => this.#idle.push(acceptor));
  }

  destroy(): void {
    this.#idle.length = 0;
  }

  #make(): Acceptor {
    return new Acceptor(this.#options, this.#uses);
  }
}

class Acceptor {
  readonly #server: tls.Server;
  #candidate: Candidate | undefined;
  #free: () => void = () => {};

  constructor(options: TlsOptions, { psk, keylog }: AcceptorUses) {
    this.#server = tls.createServer({
      ...options,
      // How long a handshake may take is not for node to say.
      handshakeTimeout: LONGEST_TIMER,
      ...(psk && { pskCallback: (_socket: unknown, identity: string) => this.#candidate?.key(identity) ?? null }),
    });
    this.#server.on('secureConnection', (socket) => this.#end()?.secure(socket));
    this.#server.on('tlsClientError', (error, { authorizationError }) => {
      // Node destroys a connection whose certificate it refused, and says only that it is gone.
      const code = authorizationError as unknown;
      this.#end()?.failed(typeof code === 'string' ? Object.assign(new Error(code), { code }) : error);
    });
    if (keylog) this.#server.on('keylog', (line) => this.#candidate?.keylog(line));
  }

  begin(stream: LowerStream, candidate: Candidate, free: () => void): () => void {
    this.#candidate = candidate;
    this.#free = free;
    this.#server.emit('connection', stream);
    return () => {
      // Not used again before node has reported the end of it.
      if (this.#candidate === candidate) this.#candidate = GIVEN_UP;
    };
  }

  #end(): Candidate | undefined {
    const candidate = this.#candidate;
    if (candidate === undefined) return undefined;
    this.#candidate = undefined;
    this.#free();
    return candidate;
  }
}

const GIVEN_UP: Candidate = {
  secure: (socket) => void socket.destroy(),
  failed: () => {},
  key: () => null,
  keylog: () => {},
};

/** Milliseconds; 0 would mean node's default. */
const LONGEST_TIMER = 2_147_483_647;
