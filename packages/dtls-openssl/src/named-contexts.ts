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
  readonly #given = new Map<CertificateServerInfo, NamedContext | Promise<NamedContext>>();

  constructor(init: NamedContextsInit) {
    this.#init = init;
  }

  /** Makes all that a table needs. Errors: those of `make`; then `destroy` frees what was made before. */
  async load(table: Readonly<Record<string, CertificateServerInfo>>): Promise<void> {
    for (const [name, info] of Object.entries(table)) {
      this.#table.set(info, await this.#init.make(info, `server.names["${name}"]`));
    }
  }

  /** The context of a credential, for a client that asked for `name`; to be used before anything else is awaited. */
  choose(info: CertificateServerInfo, name: string): NameChoice | Promise<NameChoice> {
    const found = this.#table.get(info) ?? this.#givenContext(info);
    return found instanceof Promise ? found.then((made) => choiceOf(made, name)) : choiceOf(found, name);
  }

  destroy(): void {
    for (const { handle } of this.#table.values()) this.#init.free(handle);
    for (const each of this.#given.values()) this.#free(each);
    this.#table.clear();
    this.#given.clear();
  }

  #givenContext(info: CertificateServerInfo): NamedContext | Promise<NamedContext> {
    const found = this.#given.get(info) ?? this.#make(info);
    this.#given.delete(info);
    this.#given.set(info, found);
    const [oldest] = this.#given;
    if (this.#given.size > MOST_GIVEN && oldest !== undefined) {
      this.#given.delete(oldest[0]);
      this.#free(oldest[1]);
    }
    return found;
  }

  #make(info: CertificateServerInfo): Promise<NamedContext> {
    const making = this.#init.make(info, 'server.names()');
    making.then(
      (made) => {
        // Freed meanwhile by whoever took it out.
        if (this.#given.get(info) === making) this.#given.set(info, made);
      },
      () => {
        if (this.#given.get(info) === making) this.#given.delete(info);
      },
    );
    return making;
  }

  /** One that is still being made is freed when it is there, after those who wait for it had their turn. */
  #free(context: NamedContext | Promise<NamedContext>): void {
    if (context instanceof Promise) {
      context.then(
        ({ handle }) => this.#init.free(handle),
        () => {},
      );
    } else this.#init.free(context.handle);
  }
}

function choiceOf({ handle, idContext }: NamedContext, name: string): NameChoice {
  return { context: handle, idContext: namedIdContext(idContext, name) };
}

/** A function that gives a new credential every time costs a context every time, but no more than these. */
const MOST_GIVEN = 256;
