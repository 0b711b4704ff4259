/**
 * Keeps one living association in a store, so that another one can go on from there, and no record number is used twice
 * whatever crashes: the entry says where a successor begins, and this one stops there until the store has a newer
 * entry. That is written when half of the numbers are used, so that usually nobody waits.
 */

import type { Continuation, TraceEvent } from '../contract/association.ts';
import type { Clock } from '../contract/clock.ts';
import type { AssociationKeeping } from '../contract/configuration.ts';
import type { NetError } from '../contract/error.ts';
import { wipe } from '../contract/secret-bytes.ts';
import { EntrySlot } from './entry-slot.ts';
import { WaitingMessages } from './waiting-messages.ts';

export interface KeeperInit {
  readonly id: string;
  readonly keeping: AssociationKeeping;
  readonly clock: Clock;
  readonly continuation: Continuation;
  /** Makes an entry of a state, which is the caller's. */
  readonly seal: (state: Uint8Array) => Uint8Array;
  /** Past this keeper, to the association. */
  readonly send: (data: Uint8Array) => void | Promise<void>;
  /** Ends the association: nothing leaves any more, and nothing is taken. `error` if that is not what was asked for. */
  readonly silence: (error?: NetError) => void;
  readonly error: (code: string, message: string, operation: string) => NetError;
  readonly trace?: ((event: TraceEvent) => void) | undefined;
}

export interface ExportRules {
  /** The last one: from now on nothing is sent. */
  readonly final?: boolean | undefined;
  /** Takes away what somebody else has under the id. */
  readonly replace?: boolean | undefined;
}

export class AssociationKeeper {
  readonly id: string;
  readonly #init: KeeperInit;
  readonly #slot: EntrySlot;
  readonly #reserve: number;
  /** One export after the other. */
  #turn: Promise<void> = Promise.resolve();
  #exporting = 0;
  /** A state was saved, so that there is a bound. */
  #bounded = false;
  #final = false;
  #over: NetError | undefined;
  /** Messages beyond the bound. */
  readonly #waiting: WaitingMessages = new WaitingMessages();
  #draining = false;
  #forgetting: Promise<void> | undefined;
  #lastFailure: unknown;

  constructor(init: KeeperInit) {
    const { id, keeping, clock, error } = init;
    this.id = id;
    this.#init = init;
    this.#reserve = keeping.reserve ?? DEFAULT_RESERVE;
    this.#slot = new EntrySlot({
      id,
      store: keeping.store,
      clock,
      error: (code, message) => error(code, message, 'exportAssociation'),
      failing: (operation, failure) => this.#storeFailed(operation, failure),
    });
  }

  /** What the store said last when it failed; undefined: it did not, or has recovered. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  /** Whether nothing is stored under its id, or about to be: another keeper may take its place. */
  get isUnused(): boolean {
    return !this.#bounded && !this.#final && this.#exporting === 0 && this.#over === undefined;
  }

  /**
   * A promise: the numbers are used up, the message was copied and leaves when the store has answered. ENOBUFS: too
   * many wait for that.
   */
  send(data: Uint8Array): void | Promise<void> {
    const { continuation } = this.#init;
    if (this.#over !== undefined || this.#final) throw this.#over ?? this.#ended();
    if (this.#draining || this.#waiting.length > 0 || continuation.left <= 0) return this.#wait(data);
    const taken = this.#init.send(data);
    if (continuation.left <= this.#reserve / 2) this.#ahead();
    return taken;
  }

  /**
   * Resolves when the store has what another one can go on from. It is repeated until the store answers. Errors:
   * EEXIST, ESTALE if another one does already, ECONNABORTED if the association ends meanwhile.
   */
  export(rules: ExportRules = {}): Promise<void> {
    if (this.#over !== undefined || this.#final) return Promise.reject(this.#over ?? this.#ended());
    if (rules.final === true) {
      this.#final = true;
      this.#waiting.refuse(this.#ended());
    }
    this.#exporting += 1;
    const done = this.#turn.then(() => this.#export(rules));
    this.#turn = done.then(
      () => this.#exported(),
      (error: NetError) => this.#exported(error),
    );
    return done;
  }

  /**
   * The socket is closed. What is being exported for good gets there; what was ended by a failure of the network stays;
   * what ends in order is taken away. Never rejects, and waits for the store.
   */
  close(): Promise<void> {
    if (this.#final) return this.#turn;
    return this.#forgetting ?? (this.#over === undefined ? this.forget() : Promise.resolve());
  }

  /** The association ends here and its peer does not know: what is stored stays, whatever it ends with after that. */
  abandon(): void {
    this.#forgetting ??= Promise.resolve();
    this.end(this.#ended());
  }

  /** Nobody is to go on from here: the peer does not know the association any more. Never rejects. */
  forget(): Promise<void> {
    if (this.#final) return Promise.resolve();
    this.end(this.#ended());
    this.#forgetting ??= this.#turn.then(() => this.#slot.remove());
    return this.#forgetting;
  }

  /** The association is over; what is stored stays there, and what is exported for good goes on. Idempotent. */
  end(error: NetError): void {
    this.#waiting.refuse(error);
    if (this.#final) return;
    this.#over ??= error;
    this.#slot.leave();
  }

  /** Asks the store for nothing more. */
  stop(): void {
    this.#slot.leave();
  }

  async #export({ final = false, replace = false }: ExportRules): Promise<void> {
    const { continuation, seal, silence } = this.#init;
    await this.#slot.occupy(replace);
    if (this.#over !== undefined) throw this.#over;
    const entry = this.#sealed(continuation.save(final ? 0 : this.#reserve), seal);
    // Before it is stored: what would be received from now on is not in the state.
    if (final) silence();
    while (!(await this.#slot.put(entry))) await this.#slot.occupy(replace);
    this.#lastFailure = undefined;
    if (final || this.#over !== undefined) return;
    continuation.stored();
  }

  #exported(failure?: NetError): void {
    this.#exporting -= 1;
    if (failure !== undefined && (this.#bounded || this.#final)) this.#lost(failure);
    void this.#drain();
  }

  #sealed(state: Uint8Array, seal: KeeperInit['seal']): Uint8Array {
    this.#bounded = true;
    try {
      return seal(state);
    } finally {
      wipe(state);
    }
  }

  /** Before anybody has to wait. */
  #ahead(): void {
    if (this.#exporting === 0) this.export().catch(() => {});
  }

  #wait(data: Uint8Array): Promise<void> {
    this.#ahead();
    if (this.#waiting.hasRoom(data.length)) return this.#waiting.add(data);
    const { id, error } = this.#init;
    const message =
      `${this.#waiting.length} messages of association "${id}" wait for its store, and more are not kept: ` +
      'await what send returns';
    throw error('ENOBUFS', message, 'send');
  }

  async #drain(): Promise<void> {
    if (this.#draining || this.#waiting.length === 0) return;
    this.#draining = true;
    const { continuation, send } = this.#init;
    while (this.#waiting.length > 0 && this.#over === undefined && continuation.left > 0) {
      const room = this.#waiting.sendOldest(send);
      if (room !== undefined) await room.catch(() => {});
    }
    this.#draining = false;
    if (this.#over === undefined && !this.#final && continuation.left <= this.#reserve / 2) this.#ahead();
  }

  #lost(error: NetError): void {
    if (this.#over !== undefined) return;
    this.#over = error;
    this.stop();
    this.#waiting.refuse(error);
    this.#init.silence(error);
  }

  #ended(): NetError {
    const how = this.#final ? 'was exported for good' : 'is over';
    return this.#init.error('EPIPE', `association "${this.id}" ${how}: it sends nothing more`, 'send');
  }

  #storeFailed(operation: string, error: unknown): void {
    this.#lastFailure = error;
    const message = String(Object(error).message ?? error);
    this.#init.trace?.({ type: 'associationStoreFailed', id: this.id, operation, message });
  }
}

/** Records. */
const DEFAULT_RESERVE = 1_024;
