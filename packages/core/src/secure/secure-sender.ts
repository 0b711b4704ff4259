/**
 * Sends over an established association. The limit of the path is asked for when the association is new and when a
 * message seems too large, not for every message.
 */

import type { EngineErrorInit } from '../contract/association.ts';
import type { LowerSocket } from '../contract/backend.ts';
import type { NetError } from '../contract/error.ts';
import type { AssociationDriver } from '../driver/association-driver.ts';
import { innerMtu } from './secure-options.ts';

export class SecureSender {
  readonly #driver: AssociationDriver;
  readonly #path: { readonly lower: LowerSocket };
  readonly #host: { readonly error: (init: EngineErrorInit) => NetError };
  readonly #isBounded: boolean;
  #limit = 0;

  constructor(
    driver: AssociationDriver,
    path: { readonly lower: LowerSocket },
    host: { readonly error: (init: EngineErrorInit) => NetError },
  ) {
    this.#driver = driver;
    this.#path = path;
    this.#host = host;
    this.#isBounded = path.lower.kind === 'datagram';
  }

  /** EPIPE after the end, EMSGSIZE with the limit. A promise says: send no more before it resolves. */
  send(data: Uint8Array): void | Promise<void> {
    if (this.#driver.phase !== 'established') {
      throw this.#host.error({ code: 'EPIPE', message: 'the association is over: close() and connect() again' });
    }
    if (this.#isBounded && data.length > this.#limit) this.#measure(data.length);
    try {
      const { keeper } = this.#driver;
      return keeper === undefined ? this.#driver.send(data) : keeper.send(data);
    } catch (error) {
      // The path may have become narrower.
      this.#limit = 0;
      throw error;
    }
  }

  #measure(length: number): void {
    this.#limit = innerMtu(this.#path, this.#driver);
    if (length <= this.#limit) return;
    const message = `data has ${length} bytes, but at most ${this.#limit} fit one datagram of this connection (innerMtu)`;
    throw this.#host.error({ code: 'EMSGSIZE', message });
  }
}

/** Facts of an association for `socket.info()`. */
export function establishedInfo(driver: AssociationDriver, path: { readonly lower: LowerSocket }): object {
  if (driver.phase !== 'established') return driver.info();
  const { handshakeMs } = driver;
  const mtu = path.lower.kind === 'datagram' ? { innerMtu: innerMtu(path, driver) } : {};
  return { ...driver.info(), ...mtu, ...(handshakeMs === undefined ? {} : { handshakeMs }) };
}
