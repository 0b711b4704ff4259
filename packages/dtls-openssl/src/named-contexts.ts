/**
 * The contexts of a server with credentials by name (RFC 6066 §3): one for each credential, whatever names it has.
 * Those of a table are made with the server, those that a function gives when they are first seen. They are found by
 * identity, so that no name that a stranger makes up leaves anything behind.
 */

import type { CertificateServerInfo } from '@avs-net/core/plugin';
import { namedIdContext } from './session-scope.ts';

/** An SSL_CTX of the addon. */
export interface NamedContext {
  readonly handle: number;
  /** Session id context, before a name is bound to it. */
  readonly idContext: Uint8Array;
}

/** What the addon is told about a name. */
export interface NameChoice {
  readonly context: number;
  readonly idContext: Uint8Array;
  /** To be called once the context has been used or is not needed any more. Idempotent. Absent: use it at once. */
  readonly release?: () => void;
}

export interface NamedContextsInit {
  /** Errors: those of reading a credential; `path` is its place in the configuration. */
  readonly make: (info: CertificateServerInfo, path: string) => Promise<NamedContext>;
  readonly free: (handle: number) => void;
}

export class NamedContexts {
  readonly #init: NamedContextsInit;
  readonly #table = new Map<CertificateServerInfo, NamedContext>();
  /** The most recently used last. */
  readonly #given = new Map<CertificateServerInfo, GivenContext>();

  constructor(init: NamedContextsInit) {
    this.#init = init;
  }

  /** Makes all that a table needs. Errors: those of `make`; then `destroy` frees what was made before. */
  async load(table: Readonly<Record<string, CertificateServerInfo>>): Promise<void> {
    for (const [name, info] of Object.entries(table)) {
      this.#table.set(info, await this.#init.make(info, `server.names["${name}"]`));
    }
  }

  /** The context of a credential, for a client that asked for `name`. */
  choose(info: CertificateServerInfo, name: string): NameChoice | Promise<NameChoice> {
    const found = this.#table.get(info);
    if (found !== undefined) return choiceOf(found, name);
    const given = this.#givenContext(info);
    return given.made === undefined ? given.borrow(name) : choiceOf(given.made, name);
  }

  destroy(): void {
    for (const { handle } of this.#table.values()) this.#init.free(handle);
    for (const each of this.#given.values()) each.release();
    this.#table.clear();
    this.#given.clear();
  }

  #givenContext(info: CertificateServerInfo): GivenContext {
    const found = this.#given.get(info) ?? this.#make(info);
    this.#given.delete(info);
    this.#given.set(info, found);
    const [oldest] = this.#given;
    if (this.#given.size > MOST_GIVEN && oldest !== undefined) {
      this.#given.delete(oldest[0]);
      oldest[1].release();
    }
    return found;
  }

  #make(info: CertificateServerInfo): GivenContext {
    const given = new GivenContext(this.#init.make(info, 'server.names()'), this.#init.free, () => {
      if (this.#given.get(info) === given) this.#given.delete(info);
    });
    return given;
  }
}

/** It lives as long as it may be found or somebody uses it, which may be before it is made. */
class GivenContext {
  made: NamedContext | undefined;
  readonly #making: Promise<NamedContext>;
  readonly #free: (handle: number) => void;
  /** Whoever may find it is the first. */
  #users = 1;

  constructor(making: Promise<NamedContext>, free: (handle: number) => void, failed: () => void) {
    this.#making = making;
    this.#free = free;
    making.then((made) => {
      this.made = made;
      if (this.#users === 0) free(made.handle);
    }, failed);
  }

  async borrow(name: string): Promise<NameChoice> {
    this.#users += 1;
    const made = await this.#making;
    let isReleased = false;
    const release = (): void => {
      if (!isReleased) this.release();
      isReleased = true;
    };
    return { ...choiceOf(made, name), release };
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0 && this.made !== undefined) this.#free(this.made.handle);
  }
}

function choiceOf({ handle, idContext }: NamedContext, name: string): NameChoice {
  return { context: handle, idContext: namedIdContext(idContext, name) };
}

/** A function that gives a new credential every time costs a context every time, but no more than these. */
const MOST_GIVEN = 256;
