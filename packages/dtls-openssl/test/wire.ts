/**
 * Two associations and what lies between them: a wire on which a test can lose, repeat or swap datagrams. Deadlines are
 * those of OpenSSL, so time is real; nothing waits longer than a retransmission timer.
 */

import { systemClock } from '@avs-net/core';
import {
  type Alert,
  type Association,
  type CertificateServerInfo,
  type Configuration,
  type Context,
  type ContextHost,
  type Need,
  NetError,
  type Opening,
  type Output,
  pskServerOf,
  type Role,
  type SecureConfiguration,
  type TlsaRecord,
  type TraceEvent,
} from '@avs-net/core/plugin';
import { createContext } from '../src/context.ts';
import { loadAddon } from '../src/native.ts';

export const KEY: Uint8Array = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
export const IDENTITY = 'device-1';
/** Where something is lost. */
export const FAST = { min: 20, max: 160 } as const;
/** Where nothing is: no timer fires, however busy the machine is. */
const PATIENT = { min: 30_000, max: 30_000 } as const;

export function clientConfiguration(overrides: Partial<SecureConfiguration> = {}): SecureConfiguration {
  return { security: clientSecurity(), ...overrides };
}

export function clientSecurity(
  key: Uint8Array = KEY,
  identity: string | Uint8Array = IDENTITY,
): SecureConfiguration['security'] {
  return {
    mode: 'psk',
    key: { type: 'pskKey', source: 'buffer', buffer: key },
    identity: { type: 'pskIdentity', source: 'buffer', buffer: Buffer.from(identity) },
  };
}

export function serverConfiguration(overrides: Partial<SecureConfiguration> = {}): SecureConfiguration {
  const lookup = (identity: Uint8Array) => (Buffer.from(identity).toString() === IDENTITY ? KEY : undefined);
  return { security: { mode: 'psk', lookup }, ...overrides };
}

export const host: ContextHost = {
  backend: 'dtls-openssl',
  clock: systemClock,
  error: (init) => new NetError({ operation: 'test', backend: 'dtls-openssl', ...init }),
};

/** Of a pre-shared key, which is there at once. */
export function context(configuration: Configuration): Context {
  const made = createContext(loadAddon(), configuration, host);
  if (made instanceof Promise) throw new Error('certificates take their time: use contextOf');
  return made;
}

export async function contextOf(configuration: Configuration): Promise<Context> {
  return createContext(loadAddon(), configuration, host);
}

export interface EndOptions {
  readonly opening?: Opening;
  readonly serverName?: string;
  readonly lowerMtu?: number;
  readonly tlsa?: readonly TlsaRecord[];
  readonly session?: Uint8Array;
  readonly continued?: Uint8Array;
  readonly handshakeTimeouts?: { readonly min: number; readonly max: number };
}

/** One association and everything that it reported. */
export class End implements Output {
  readonly role: Role;
  readonly association: Association;
  readonly sent: Uint8Array[] = [];
  readonly messages: Buffer[] = [];
  readonly traces: TraceEvent[] = [];
  readonly refusals: string[] = [];
  readonly identities: string[] = [];
  readonly sessions: Buffer[] = [];
  isEstablished = false;
  ended: { alert: Alert | undefined } | undefined;
  error: NetError | undefined;
  readonly names: string[] = [];
  readonly #needs: { id: number; identity: Uint8Array }[] = [];
  readonly #names: { id: number; name: string }[] = [];
  readonly #lookup: ((identity: Uint8Array) => unknown) | undefined;
  /** Undefined: names are not answered; the test does that. */
  readonly #credentialOf: ((name: string) => CertificateServerInfo | undefined) | undefined;

  constructor(role: Role, made: Context, configuration: SecureConfiguration, options: EndOptions = {}) {
    this.role = role;
    const psk = pskServerOf(configuration.security);
    this.#lookup = psk && ((identity) => psk.lookup(identity, new AbortController().signal));
    const names = configuration.server?.names;
    this.#credentialOf = typeof names === 'object' ? (name) => names[name] : undefined;
    this.association = made.association!({
      role,
      output: this,
      handshakeTimeouts: configuration.dtlsHandshakeTimeouts ?? PATIENT,
      lowerMtu: 1_472,
      error: (init) => host.error(init),
      ...options,
    });
  }

  datagram(bytes: Uint8Array): void {
    this.sent.push(Buffer.from(bytes));
  }
  message(bytes: Uint8Array): void {
    this.messages.push(Buffer.from(bytes));
  }
  established(): void {
    this.isEstablished = true;
  }
  closed(alert?: Alert): void {
    this.ended = { alert };
  }
  failed(error: NetError): void {
    this.error = error;
  }
  need(id: number, what: Need): void {
    if (what.kind === 'psk') this.#needs.push({ id, identity: Buffer.from(what.identity) });
    else if (what.kind === 'sni') this.#names.push({ id, name: what.name });
  }
  session(bytes: Uint8Array): void {
    this.sessions.push(Buffer.from(bytes));
  }
  dropped(reason: string): void {
    this.refusals.push(reason);
  }
  trace(event: TraceEvent): void {
    this.traces.push(event);
  }

  get flights(): unknown[] {
    return this.traces.filter(({ type }) => type === 'flight').map(({ attempt, waitMs }) => [attempt, waitMs]);
  }

  answerName(id: number, credential: CertificateServerInfo | undefined): void {
    this.association.answerName!(id, credential, systemClock.now());
  }

  answerNeeds(): void {
    for (const { id, identity } of this.#needs.splice(0)) {
      this.identities.push(Buffer.from(identity).toString());
      this.association.answer!(id, this.#lookup!(identity) as Uint8Array | undefined, systemClock.now());
    }
    for (const { id, name } of this.#names.splice(0)) {
      this.names.push(name);
      if (this.#credentialOf !== undefined) this.answerName(id, this.#credentialOf(name));
    }
  }
}

/** What becomes of a datagram: the bytes that arrive, in order; `number` counts those of its sender from 0. */
export type Carry = (bytes: Uint8Array, from: Role, number: number) => readonly Uint8Array[];

export class Wire {
  readonly client: End;
  readonly server: End;
  readonly #contexts: Context[];
  readonly #carry: Carry;
  readonly #count = { client: 0, server: 0 };

  constructor(
    client: SecureConfiguration,
    server: SecureConfiguration,
    carry?: Carry,
    options: { client?: EndOptions; server?: EndOptions } = {},
    contexts: Context[] = [context(client), context(server)],
  ) {
    this.#contexts = contexts;
    this.#carry = carry ?? ((bytes) => [bytes]);
    const dtlsHandshakeTimeouts = carry === undefined ? PATIENT : FAST;
    this.client = new End('client', this.#contexts[0]!, { dtlsHandshakeTimeouts, ...client }, options.client);
    this.server = new End('server', this.#contexts[1]!, { dtlsHandshakeTimeouts, ...server }, options.server);
  }

  /** With certificates. */
  static async of(...[client, server, carry, options]: ConstructorParameters<typeof Wire>): Promise<Wire> {
    const contexts = [await contextOf(client), await contextOf(server)];
    return new Wire(client, server, carry, options, contexts);
  }

  /** Starts both and goes on until both are established or one is over. */
  async connect(): Promise<this> {
    this.server.association.start(systemClock.now());
    this.client.association.start(systemClock.now());
    await this.until(() => (this.client.isEstablished && this.server.isEstablished) || this.isOver);
    return this;
  }

  get isOver(): boolean {
    return [this.client, this.server].some(({ error, ended }) => error !== undefined || ended !== undefined);
  }

  /** Carries datagrams and serves timers until `done`; throws if nothing more can happen. */
  async until(done: () => boolean): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      this.carry();
      if (done()) return;
      await this.#timer();
    }
    throw new Error('the wire never came to rest');
  }

  /** Carries datagrams until none is under way. */
  carry(): void {
    for (;;) {
      this.client.answerNeeds();
      this.server.answerNeeds();
      const moved = this.#move(this.client, this.server) + this.#move(this.server, this.client);
      if (moved === 0) return;
    }
  }

  /** Frees both sides. */
  destroy(): void {
    this.client.association.destroy();
    this.server.association.destroy();
    for (const each of this.#contexts) each.destroy();
  }

  #move(from: End, to: End): number {
    const datagrams = from.sent.splice(0);
    for (const bytes of datagrams) {
      for (const arriving of this.#carry(bytes, from.role, this.#count[from.role]++)) {
        to.association.receive(arriving, systemClock.now());
      }
    }
    return datagrams.length;
  }

  async #timer(): Promise<void> {
    const deadlines = [this.client, this.server].flatMap(({ association }) => association.deadline ?? []);
    if (deadlines.length === 0) throw new Error('nothing is under way and no timer runs');
    const wait = Math.max(0, Math.min(...deadlines) - systemClock.now());
    await new Promise<void>((resolve) => systemClock.timer(wait, resolve));
    const now = systemClock.now();
    for (const { association } of [this.client, this.server]) {
      if (association.deadline !== undefined && association.deadline <= now) association.timeout(now);
    }
  }
}

const ROUNDS = 200;
