/**
 * Processes that live on one association after another, over one store, and every call of it answered as a test says:
 * done and told, done and not told, not done, or done later, long after whoever called has given up. The real keeper
 * and the real entries; only the engine counts numbers instead of encrypting with them.
 */

import type { AssociationBonds } from '../src/continuation/association-entry.ts';
import { sealEntry } from '../src/continuation/association-entry.ts';
import { AssociationKeeper } from '../src/continuation/association-keeper.ts';
import { putBack, type StoredPlace, takeAssociation } from '../src/continuation/association-return.ts';
import { memoryAssociationStore } from '../src/continuation/memory-association-store.ts';
import type { Continuation } from '../src/contract/association.ts';
import type { AssociationStore } from '../src/contract/configuration.ts';
import { NetError } from '../src/contract/error.ts';
import { CountingEngine, Ledger } from './counting-engine.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

/** What becomes of a call of the store. */
export const FATES = ['done', 'doneUntold', 'failed', 'failedDoneLater'] as const;
export type Fate = (typeof FATES)[number];

export interface Process {
  readonly name: number;
  keeper: AssociationKeeper | undefined;
  engine: CountingEngine | undefined;
  ready: boolean;
  alive: boolean;
  /** Messages that were sent, or are not refused yet. */
  accepted: number;
  errors: string[];
}

/** What a test may break. */
export interface Mutation {
  readonly store?: (store: AssociationStore) => AssociationStore;
  readonly continuation?: (engine: CountingEngine) => Continuation;
  readonly ignoresFinal?: boolean;
}

interface Call {
  readonly process: Process;
  readonly run: () => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class World {
  readonly ledger: Ledger = new Ledger();
  readonly processes: Process[] = [];
  readonly clock: ManualClock = manualClock();
  readonly calls: Call[] = [];
  readonly ghosts: (() => unknown)[] = [];
  readonly #store = memoryAssociationStore() as Required<AssociationStore>;
  readonly #mutation: Mutation;
  #keys = 0;

  constructor(mutation: Mutation = {}) {
    this.#mutation = mutation;
  }

  get alive(): readonly Process[] {
    return this.processes.filter(({ alive }) => alive);
  }

  /** A process that goes on from what it finds, or begins a new association. */
  begin(unusable = false): Process {
    const process: Process = {
      name: this.processes.length,
      keeper: undefined,
      engine: undefined,
      ready: false,
      alive: true,
      accepted: 0,
      errors: [],
    };
    this.processes.push(process);
    void this.#live(process, unusable).catch((error: NetError) => {
      process.errors.push(error.code ?? String(error));
      process.alive = false;
    });
    return process;
  }

  send(process: Process): void {
    if (!process.ready || !process.alive) return;
    try {
      const room = process.keeper!.send(MESSAGE);
      process.accepted += 1;
      room?.catch(() => {
        process.accepted -= 1;
      });
    } catch (error) {
      process.errors.push((error as NetError).code);
    }
  }

  export(process: Process, final: boolean): void {
    if (!process.ready) return;
    process.keeper?.export({ final }).catch((error: NetError) => process.errors.push(error.code));
  }

  close(process: Process): void {
    if (process.ready) void process.keeper?.close();
    process.ready = false;
  }

  /** It does nothing any more; what it has asked the store for may still happen. */
  crash(process: Process): void {
    process.alive = false;
    process.ready = false;
  }

  answer(index: number, fate: Fate): void {
    if (this.calls.length === 0) return;
    const [call] = this.calls.splice(index % this.calls.length, 1) as [Call];
    const result = fate === 'done' || fate === 'doneUntold' ? call.run() : undefined;
    if (fate === 'failedDoneLater') this.ghosts.push(call.run);
    // Nobody answers a dead process.
    if (!call.process.alive) return;
    if (fate === 'done') call.resolve(result);
    else call.reject(Object.assign(new Error('lost'), { code: 'EIO' }));
  }

  haunt(index: number): void {
    if (this.ghosts.length > 0) this.ghosts.splice(index % this.ghosts.length, 1)[0]!();
  }

  /** Answers everything until nobody asks any more. */
  async calm(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      await turn();
      quiet = this.calls.length === 0 && this.clock.pending === 0 ? quiet + 1 : 0;
      while (this.calls.length > 0) this.answer(0, 'done');
      this.clock.advance(20_000);
    }
  }

  async #live(process: Process, unusable: boolean): Promise<void> {
    const place = this.#place(process);
    const found = await takeAssociation(place);
    if (found !== undefined && unusable) {
      await putBack(place, found);
      process.alive = false;
      return;
    }
    const [key, next] =
      found === undefined ? [this.#keys++, 0] : Buffer.from(found.state).toString().split(' ').map(Number);
    const engine = new CountingEngine(this.ledger, key!, next!);
    process.engine = engine;
    process.keeper = this.#keeper(process, place, engine);
    await process.keeper.export();
    process.ready = process.alive;
  }

  #keeper(process: Process, place: StoredPlace, engine: CountingEngine): AssociationKeeper {
    const { ignoresFinal = false, continuation = (same) => same } = this.#mutation;
    return new AssociationKeeper({
      ...place,
      continuation: continuation(engine),
      seal: (state) => sealEntry(place.id, BONDS, { peer: { host: '192.0.2.1', port: 1 }, state }, KEY),
      send: () => {
        if (process.alive) engine.use();
      },
      silence: (error) => {
        process.ready = false;
        if (error !== undefined || !ignoresFinal) return;
        engine.lift();
        for (let more = 0; more < 2 * RESERVE; more++) engine.use();
      },
      error: (code, message, operation) => new NetError({ code, message, operation }),
    });
  }

  #place(process: Process): StoredPlace {
    const { store = (same) => same } = this.#mutation;
    return {
      id: 'device',
      keeping: { store: store(this.#handle(process)), keys: [KEY], reserve: RESERVE },
      bonds: BONDS,
      clock: this.clock,
      backend: 'counting',
    };
  }

  #handle(process: Process): AssociationStore {
    const call = <T>(run: () => unknown): Promise<T> =>
      new Promise((resolve, reject) => {
        if (process.alive) this.calls.push({ process, run, resolve: resolve as (answer: unknown) => void, reject });
      });
    return {
      replace: (id, expected, entry) => call(() => this.#store.replace(id, expected, entry)),
      take: (id) => call(() => this.#store.take(id)),
    };
  }
}

/** Everything that can go on has gone on. */
export function turn(): Promise<void> {
  return new Promise(setImmediate);
}

export const RESERVE = 4;
const MESSAGE = new Uint8Array(1);
const KEY = new Uint8Array(32).fill(7);
const BONDS: AssociationBonds = { backend: 'counting', role: 'client', credential: 'c', configuration: '' };
