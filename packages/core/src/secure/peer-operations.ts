/**
 * The operations of an accepted peer of a secure server. An object with a prototype and not one of closures: there is
 * one for every peer.
 */

import type { ExportRules } from '../continuation/association-keeper.ts';
import type { Address } from '../contract/address.ts';
import type { Attempt, ContextHost } from '../contract/backend.ts';
import type { NetError } from '../contract/error.ts';
import type { OptionKey, OptionValues } from '../contract/options.ts';
import type { GuardedOperations } from '../socket/socket-init.ts';
import { type ExportedAssociations, lingerOnStore } from './exported-associations.ts';
import type { ServedBy } from './listener-host.ts';
import { establishedInfo, SecureSender } from './secure-sender.ts';
import type { ServedPeer } from './served-peer.ts';

export class PeerOperations implements GuardedOperations {
  readonly #peer: ServedPeer;
  readonly #server: ServedBy;
  readonly #host: Pick<ContextHost, 'error'>;
  /** From the first message on. */
  #sender: SecureSender | undefined;

  /** `host` is that of the socket of the peer. */
  constructor(peer: ServedPeer, server: ServedBy, host: Pick<ContextHost, 'error'>) {
    this.#peer = peer;
    this.#server = server;
    this.#host = host;
  }

  send(data: Uint8Array): void | Promise<void> {
    this.#sender ??= new SecureSender(this.#peer.driver, this.#server.lower, this.#host);
    return this.#sender.send(data);
  }

  async shutdown(_how?: 'both' | 'write'): Promise<void> {
    await this.#peer.driver.shutdown();
  }

  async close(): Promise<void> {
    const { driver } = this.#peer;
    this.#peer.close();
    await lingerOnStore(driver, this.#server.host.clock);
    if (driver.defect !== undefined) throw driver.defect;
  }

  remote(): Address {
    const { host, port } = this.#peer.address;
    return { host, port };
  }

  local(): Address | undefined {
    return this.#peer.address.local ?? this.#server.lower.local();
  }

  getSystem(): number | undefined {
    return this.#server.lower.getSystem();
  }

  interfaceName(): string {
    return this.#server.lower.interfaceName();
  }

  getOption<K extends OptionKey>(key: K): OptionValues[K] {
    const { driver } = this.#peer;
    if (key === 'bytesSent') return driver.bytesSent as never;
    if (key === 'bytesReceived') return driver.bytesReceived as never;
    return this.#server.options.get(key, this.#server.lower, driver);
  }

  setOption(key: OptionKey): void {
    const message = `option "${key}" cannot be set on an accepted peer: set it on the server`;
    throw this.#host.error({ code: 'ENOTSUP', message });
  }

  exportAssociation(id: string, rules: ExportRules, attempt: Attempt): Promise<void> {
    return exportPeer(this.#peer, this.#server.exports, id, rules, attempt);
  }

  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array | undefined {
    return this.#peer.driver.exportKeyingMaterial(label, length, context);
  }

  info(): object {
    return this.#peer.facts ?? establishedInfo(this.#peer.driver, this.#server.lower);
  }
}

/** Puts the association of a peer into the store. */
export function exportPeer(
  peer: ServedPeer,
  exports: ExportedAssociations,
  id: string,
  rules: ExportRules,
  attempt: Attempt,
): Promise<void> {
  const live = {
    driver: peer.driver,
    facts: () => ({ peer: peer.address }),
    silence: (error?: NetError) => peer.silence(error),
  };
  return exports.export(live, id, rules, attempt);
}
