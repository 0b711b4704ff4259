/**
 * Who is registered at a LwM2M server (LwM2M Core 1.1 §6.2): endpoints with their location, lifetime and objects. A
 * registration belongs to the identity that its client authenticated with, and nobody else can change it. Knows nothing
 * of CoAP and sockets.
 */

import { randomBytes } from 'node:crypto';
import { type Clock, systemClock, type Timer } from '@avs-net/core';

export interface Registration {
  /** The last segment of `/rd/…`. */
  readonly location: string;
  readonly endpoint: string;
  /** What the client authenticated with; undefined without security. */
  readonly identity: string | undefined;
  /** Seconds. */
  readonly lifetime: number;
  readonly version: string;
  readonly binding: string;
  /** Object links, such as `</1/0>,</3/0>` (RFC 6690). */
  readonly objects: string;
  /** `host:port` that it was last heard from. */
  readonly peer: string;
}

export type RegistrationChange = 'registered' | 'updated' | 'deregistered' | 'replaced' | 'expired';

/** What a client asks for; what it leaves out of an update stays. */
export interface RegistrationRequest {
  readonly endpoint?: string;
  readonly lifetime?: number;
  readonly version?: string;
  readonly binding?: string;
  readonly objects?: string;
}

export interface RegistrationSettings {
  readonly clock?: Clock;
  /** Largest number of registrations; default 10 000. */
  readonly limit?: number;
  readonly changed?: (change: RegistrationChange, registration: Registration, directory: RegistrationDirectory) => void;
}

export class RegistrationDirectory {
  readonly #settings: RegistrationSettings;
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly registration: Registration; readonly expires: number }>();
  readonly #locations = new Map<string, string>();
  #timer: Timer | undefined;
  /** When it runs, or would if timers were longer. */
  #due = Number.POSITIVE_INFINITY;

  constructor(settings: RegistrationSettings = {}) {
    this.#settings = settings;
    this.#clock = settings.clock ?? systemClock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** All of them, the longest registered first. */
  registrations(): Registration[] {
    return [...this.#entries.values()].map(({ registration }) => registration);
  }

  /** A new location; an older registration of the endpoint is replaced. Undefined: no room. */
  register(
    endpoint: string,
    identity: string | undefined,
    request: RegistrationRequest,
    peer: string,
  ): Registration | undefined {
    const former = this.#locations.get(endpoint);
    if (former === undefined && this.#entries.size >= (this.#settings.limit ?? LIMIT)) return undefined;
    if (former !== undefined) this.#remove(former, 'replaced');
    const registration: Registration = {
      location: randomBytes(4).toString('hex'),
      endpoint,
      identity,
      lifetime: request.lifetime ?? DEFAULT_LIFETIME,
      version: request.version ?? '1.0',
      binding: request.binding ?? 'U',
      objects: request.objects ?? '',
      peer,
    };
    this.#keep(registration, 'registered');
    return registration;
  }

  /** Undefined: there is no such registration of this identity. */
  update(
    location: string,
    identity: string | undefined,
    request: RegistrationRequest,
    peer: string,
  ): Registration | undefined {
    const former = this.find(location, identity);
    if (former === undefined) return undefined;
    const { lifetime = former.lifetime, binding = former.binding, objects = former.objects } = request;
    const registration = { ...former, lifetime, binding, objects, peer };
    this.#keep(registration, 'updated');
    return registration;
  }

  /** False: there is no such registration of this identity. */
  deregister(location: string, identity: string | undefined): boolean {
    if (this.find(location, identity) === undefined) return false;
    this.#remove(location, 'deregistered');
    return true;
  }

  find(location: string, identity: string | undefined): Registration | undefined {
    const entry = this.#entries.get(location);
    return entry?.registration.identity === identity ? entry?.registration : undefined;
  }

  /** Nothing expires any more. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }

  #keep(registration: Registration, change: RegistrationChange): void {
    const expires = this.#clock.now() + registration.lifetime * 1_000;
    this.#entries.set(registration.location, { registration, expires });
    this.#locations.set(registration.endpoint, registration.location);
    this.#schedule(expires);
    this.#settings.changed?.(change, registration, this);
  }

  #remove(location: string, change: RegistrationChange): void {
    const { registration } = this.#entries.get(location)!;
    this.#entries.delete(location);
    this.#locations.delete(registration.endpoint);
    if (this.#entries.size === 0) this.close();
    this.#settings.changed?.(change, registration, this);
  }

  /** One timer, for whatever expires first. */
  #schedule(expires: number): void {
    if (expires >= this.#due) return;
    this.close();
    this.#due = expires;
    const wait = Math.min(Math.max(0, expires - this.#clock.now()), LONGEST_WAIT);
    this.#timer = this.#clock.timer(wait, () => this.#expire());
  }

  #expire(): void {
    this.close();
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [location, { expires }] of [...this.#entries]) {
      if (expires <= now) this.#remove(location, 'expired');
      else next = Math.min(next, expires);
    }
    if (next < Number.POSITIVE_INFINITY) this.#schedule(next);
  }
}

/** Seconds; LwM2M Core 1.1 §6.2.1. */
const DEFAULT_LIFETIME = 86_400;
const LIMIT = 10_000;
/** Milliseconds; longer ones are waited for in pieces. */
const LONGEST_WAIT = 86_400_000;
