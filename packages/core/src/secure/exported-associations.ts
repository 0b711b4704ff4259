/**
 * What a dtls socket and its peers export to the configured store, and what comes back from there. Says whose an entry
 * is: everything that decides who is let in has to be the same where an association goes on.
 */

import { type StoredAssociation, sealEntry } from '../continuation/association-entry.ts';
import { AssociationKeeper, type ExportRules } from '../continuation/association-keeper.ts';
import { putBack, type StoredPlace, takeAssociation } from '../continuation/association-return.ts';
import type { Address } from '../contract/address.ts';
import type { Role } from '../contract/association.ts';
import type { Attempt, Context, SocketHost } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { Clock } from '../contract/clock.ts';
import type { AssociationKeeping, SecureConfiguration } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import type { AssociationDriver } from '../driver/association-driver.ts';
import { linger } from '../driver/linger.ts';
import { abortable } from '../queue/abortable.ts';

/** An association that can be exported. */
export interface LiveAssociation {
  readonly driver: AssociationDriver;
  facts(): LiveFacts;
  /** Ends it, and nothing leaves any more. */
  silence(error?: NetError): void;
}

/** Whom it is with, and where that one is, if anybody knows. */
export interface LiveFacts extends Omit<StoredAssociation, 'state' | 'peer'> {
  readonly peer: Address | undefined;
}

export interface ExportsInit {
  readonly host: SocketHost;
  readonly role: Role;
  readonly claims: Claims;
  readonly configuration: SecureConfiguration;
  readonly context: Context;
}

export class ExportedAssociations {
  readonly #init: ExportsInit;
  /** What the store is being told of peers that have ended. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(init: ExportsInit) {
    this.#init = init;
  }

  /**
   * Errors: those of `AssociationKeeper.export`, EINVAL for a second id, ENOTSUP, and what `attempt` is aborted with.
   */
  async export(live: LiveAssociation, id: string, rules: ExportRules, { signal }: Attempt): Promise<void> {
    const { driver } = live;
    const place = this.#place(id, EXPORT);
    if (driver.phase !== 'established' && driver.keeper === undefined) {
      throw this.#error('ENOTCONN', 'there is no association: connect() first', EXPORT);
    }
    if (driver.keeper?.isUnused && driver.keeper.id !== id) {
      this.leave(driver);
      driver.keeper = undefined;
    }
    driver.keeper ??= this.#keeper(live, place);
    const { keeper } = driver;
    if (keeper.id !== id) {
      throw this.#error('EINVAL', `the association is exported as "${keeper.id}" already, not as "${id}"`, EXPORT);
    }
    const exported = keeper.export(rules);
    try {
      await abortable(exported, signal, EXPORT);
    } catch (error) {
      throw signal.aborted ? unanswered(signal.reason, keeper) : error;
    }
  }

  /** The association of a peer ends, and the store has to know how. */
  leave({ keeper }: AssociationDriver): void {
    if (keeper === undefined) return;
    const leaving = keeper.close().then(() => void this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** Until the store knows of all that have left, but not for a store that does not answer. */
  async left(): Promise<void> {
    if (this.#leaving.size > 0)
      await linger(
        Promise.all(this.#leaving).then(() => {}),
        this.#init.host.clock,
      );
  }

  /** Undefined: nobody can go on from there. Given up, it goes back. */
  async take(id: string, { signal }: Attempt): Promise<StoredAssociation | undefined> {
    const place = this.#place(id, CONTINUE);
    const taking = takeAssociation(place);
    try {
      return await abortable(taking, signal, CONTINUE);
    } catch (error) {
      taking.then((late) => late && putBack(place, late)).catch(() => {});
      throw error;
    }
  }

  /** It was not used. Never rejects: then it is lost. */
  async putBack(id: string, association: StoredAssociation): Promise<void> {
    await putBack(this.#place(id, CONTINUE), association).catch(() => {});
  }

  /** Why there is no going on, where that costs no more than a handshake. */
  refused(id: string, error: unknown): void {
    const reason = String(Object(error).message ?? error);
    this.#init.host.trace?.({ type: 'associationRefused', id, reason });
  }

  #keeper(live: LiveAssociation, place: StoredPlace): AssociationKeeper {
    const { continuation } = live.driver;
    const { id, bonds, keeping } = place;
    if (continuation === undefined) {
      const { ciphersuite } = live.driver.info();
      const message = `this association cannot go on elsewhere (ciphersuite ${ciphersuite?.name ?? 'unknown'})`;
      throw this.#error('ENOTSUP', message, EXPORT);
    }
    if (live.facts().peer === undefined) {
      throw this.#error('ENOTSUP', 'the socket below has no address that a successor could go on to', EXPORT);
    }
    return new AssociationKeeper({
      ...place,
      continuation,
      seal: (state) => sealEntry(id, bonds, { ...atRest(live.facts()), state }, keeping.keys[0]!),
      send: (data) => live.driver.send(data),
      silence: (error) => live.silence(error),
      error: (code, message, operation) => this.#error(code, message, operation),
    });
  }

  #place(id: string, operation: string): StoredPlace {
    const { host, role, claims, configuration, context } = this.#init;
    const { associations: keeping } = configuration;
    if (claims[role]?.continuation !== true) {
      const message = `not offered by this backend: its claims lack "${role}.continuation"`;
      throw this.#error('ENOTSUP', message, operation);
    }
    if (keeping === undefined) {
      const message = 'associations: { store, keys } is missing in the configuration of this socket';
      throw this.#error('EINVAL', message, operation);
    }
    if (context.sessionScope === undefined) {
      throw this.#error('ENOTSUP', 'the backend does not say what an association is bound to', operation);
    }
    return {
      id,
      keeping: keeping satisfies AssociationKeeping,
      bonds: {
        backend: host.backend,
        role,
        credential: context.sessionScope,
        configuration: decisive(configuration),
      },
      clock: host.clock,
      backend: host.backend,
      trace: host.trace,
    };
  }

  #error(code: string, message: string, operation: string): NetError {
    return new NetError({ code, message, operation, backend: this.#init.host.backend });
  }
}

/** The address may have become unknown meanwhile: then a successor finds nobody. */
function atRest({ peer, ...facts }: LiveFacts): Omit<StoredAssociation, 'state'> {
  const { host, port, local } = peer ?? NOWHERE;
  return { ...facts, peer: { host, port, ...(local && { local }) } };
}

/** Until the store knows how the association of `driver` ended, but not for a store that does not answer. */
export async function lingerOnStore(driver: AssociationDriver | undefined, clock: Clock): Promise<void> {
  const keeper = driver?.keeper;
  if (keeper === undefined) return;
  await linger(keeper.close(), clock);
  keeper.stop();
}

/** What beside the credential decides about peers and their records. */
function decisive({ version, ciphersuites, serverNameIndication, connectionId }: SecureConfiguration): string {
  const length = typeof connectionId === 'object' ? (connectionId.length ?? 'generated') : (connectionId ?? false);
  return JSON.stringify([version?.min, version?.max, ciphersuites, serverNameIndication, length]);
}

/** The deadline is over: what the store said last is why. */
function unanswered(reason: unknown, { lastFailure }: AssociationKeeper): unknown {
  if (!(reason instanceof NetError) || lastFailure === undefined) return reason;
  const { code, operation, backend } = reason;
  const said = String(Object(lastFailure).message ?? lastFailure);
  const message = `the store does not answer, it failed last with: ${said}; the export is repeated until it does`;
  return new NetError({ code, operation, backend, message, cause: lastFailure });
}

const EXPORT = 'exportAssociation';
const CONTINUE = 'continueAssociation';
const NOWHERE: Address = { host: '', port: 0 };
