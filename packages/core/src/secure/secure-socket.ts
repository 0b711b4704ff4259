/**
 * A dtls or tls socket out of an engine and a socket below it (avs reference 1.2, 1.6): makes or adopts the lower one,
 * has handshakes run over it, and hands everything else through. States, arguments, queues and deadlines are the
 * guard's.
 */

import type { EngineErrorInit, Role } from '../contract/association.ts';
import type { Attempt, Context, SocketHost } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import type { NetError } from '../contract/error.ts';
import { securityRole } from '../contract/security.ts';
import type { SocketState } from '../contract/state.ts';
import { type Adopted, adopt } from '../socket/adoption.ts';
import type { Socket } from '../socket/socket.ts';
import type { AcceptContinued, GuardedOperations, Remote } from '../socket/socket-init.ts';
import { SecureLink } from './secure-link.ts';
import { SecureOptions } from './secure-options.ts';

export interface SecureSocketInit {
  readonly type: 'dtls' | 'tls';
  readonly claims: Claims;
  /** Checked, and kept by the caller until the socket is disposed. */
  readonly configuration: SecureConfiguration;
  readonly context: Context;
  /** A new transport socket for below. */
  readonly makeLower: (signal: AbortSignal | undefined) => Promise<Socket>;
}

export class SecureSocket {
  readonly #init: SecureSocketInit;
  readonly #host: SocketHost;
  readonly #role: Role;
  readonly #options: SecureOptions;
  readonly #link: SecureLink;
  /** Made at the first need, kept over close. */
  #lower: Adopted | undefined;
  /** The local address of `bind`, to which a failed handshake returns. */
  #bound: { readonly host: string; readonly port: number } | undefined;
  /** A handshake that was given up may still be closing the lower socket. */
  #settled: Promise<unknown> = Promise.resolve();

  constructor(init: SecureSocketInit, host: SocketHost) {
    this.#init = init;
    this.#host = host;
    const { type, claims, configuration, context } = init;
    const role = securityRole(configuration.security);
    const error = this.#error;
    this.#role = role;
    this.#options = new SecureOptions({ type, claims, configuration, role, error });
    this.#link = new SecureLink({ host, context, configuration, claims, role, error, options: this.#options });
  }

  /** What the guard calls. */
  operations(): GuardedOperations {
    const { claims, context, type } = this.#init;
    const link = this.#link;
    const isDtlsServer = type === 'dtls' && this.#role === 'server';
    return {
      ...((context.association ?? claims.client) && {
        connect: (host: string, port: number, attempt: Attempt) => this.#connect(host, port, attempt),
      }),
      bind: (host, port) => this.#bind(host, port),
      // A context that was made for a client may leave it out; then the credential is what is wrong.
      ...((context.listen ?? claims.server) && { listen: () => this.#listen() }),
      unfinished: () => link.driver?.unfinished(),
      exportAssociation: (id, rules, attempt) => link.export(id, rules, attempt),
      ...(this.#role === 'client'
        ? { continueAssociation: (id: string, attempt: Attempt) => this.#inTurn(() => this.#continue(id, attempt)) }
        : {
            continuePeer: (id: string, attempt: Attempt, accept: AcceptContinued) =>
              link.continuePeer({ id, attempt, accept }),
          }),
      decorate: (lower, attempt) => this.#inTurn(() => this.#decorate(lower, attempt)),
      send: (data) => link.send(data),
      shutdown: (how) => this.#shutdown(how),
      close: () => this.#close(),
      ...(type === 'tls' && {
        pause: () => this.#lower?.lower.pause(),
        resume: () => this.#lower?.lower.resume(),
      }),
      // Cookies must be answered while nobody accepts yet.
      ...(isDtlsServer && { listensAtBind: true, admit: (anybody: boolean) => link.admit(anybody) }),
      getSystem: () => this.#lower?.getSystem(),
      interfaceName: () => this.#lower?.interfaceName() ?? '',
      remote: () => this.#lower?.remote(),
      local: () => this.#lower?.local(),
      getOption: (key) => this.#options.get(key, this.#lower, link.driver),
      setOption: (key, value) => this.#options.set(key, value, this.#lower),
      exportKeyingMaterial: (...of) => link.driver?.exportKeyingMaterial(...of),
      info: () => link.info(),
      stats: () => link.stats(),
    };
  }

  /** After the guard has closed it. */
  async dispose(): Promise<void> {
    await this.#lower?.dispose();
  }

  #connect(host: string, port: number, { signal }: Attempt): Promise<void> {
    return this.#inTurn(async () => {
      this.#requireRole('client', 'connect');
      const lower = await this.#reach(host, port, signal);
      try {
        await this.#link.handshake(lower, this.#init.configuration.serverNameIndication ?? host, signal);
      } catch (error) {
        await this.#retreat(lower);
        throw error;
      }
    });
  }

  async #continue(id: string, attempt: Attempt): Promise<Remote | undefined> {
    const { exports } = this.#link;
    const association = await exports.take(id, attempt);
    if (association === undefined) return undefined;
    const { host, port } = association.peer;
    let lower: Adopted;
    try {
      lower = await this.#reach(host, port, attempt.signal);
    } catch (error) {
      await exports.putBack(id, association);
      throw error;
    }
    try {
      if (await this.#link.continue(lower, id, association, attempt)) {
        return { hostname: association.hostname ?? host, port };
      }
    } catch (error) {
      await this.#retreat(lower);
      throw error;
    }
    await this.#retreat(lower);
    return undefined;
  }

  async #reach(host: string, port: number, signal: AbortSignal): Promise<Adopted> {
    const lower = await this.#ensureLower(signal);
    signal.throwIfAborted();
    if (this.#bound !== undefined && lower.state === 'closed') await lower.bind(this.#bound.host, this.#bound.port);
    await lower.connect(host, port, { signal });
    return lower;
  }

  async #retreat(lower: Adopted): Promise<void> {
    await lower.close();
    // If the port has gone meanwhile the next connect says so.
    if (this.#bound !== undefined) await lower.bind(this.#bound.host, this.#bound.port).catch(() => {});
  }

  #bind(host: string, port: number): Promise<void> {
    return this.#inTurn(async () => {
      const lower = await this.#ensureLower(undefined);
      await lower.bind(host, port);
      this.#bound = { host, port: lower.local()?.port ?? port };
    });
  }

  #listen(): void {
    this.#requireRole('server', 'accept');
    if (this.#lower !== undefined) this.#link.listen(this.#lower);
  }

  async #decorate(socket: Socket, { signal }: Attempt): Promise<SocketState> {
    const { context, type, configuration } = this.#init;
    const lower = adopt(socket, `a ${type} socket`);
    const { state } = lower;
    try {
      if (state === 'connected') {
        this.#requireRole('client', 'decorate of a connected socket');
        const serverName = configuration.serverNameIndication ?? lower.remoteHostname();
        await this.#link.handshake(lower, serverName, signal);
      } else if (state === 'accepted') {
        this.#requireRole('server', 'decorate of an accepted socket');
        // A stream has nothing to tell apart.
        if (type === 'tls' && context.listen === undefined) await this.#link.handshake(lower, undefined, signal);
        else await this.#link.serve(lower, signal);
      }
    } catch (error) {
      lower.release();
      throw error;
    }
    const former = this.#lower;
    this.#lower = lower;
    this.#bound = state === 'bound' ? lower.local() : undefined;
    // Nobody has it any more, whatever becomes of it.
    await former?.dispose().catch(() => {});
    return state;
  }

  async #shutdown(how: 'both' | 'write'): Promise<void> {
    await this.#link.shutdown();
    try {
      await this.#lower?.shutdown(how);
    } catch (error) {
      // close_notify has said it; what the transport cannot end it keeps until close.
      if ((error as NetError).code !== 'ENOTSUP') throw error;
    }
  }

  async #close(): Promise<void> {
    await this.#settled;
    const defect = await this.#link.close();
    this.#bound = undefined;
    await this.#lower?.close();
    if (defect !== undefined) throw defect;
  }

  async #ensureLower(signal: AbortSignal | undefined): Promise<Adopted> {
    if (this.#lower !== undefined) return this.#lower;
    const socket = await this.#init.makeLower(signal);
    const lower = adopt(socket, `a ${this.#init.type} socket`);
    try {
      this.#options.applyTo(lower);
    } catch (error) {
      await lower.dispose();
      throw error;
    }
    this.#lower = lower;
    return lower;
  }

  /** One after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#settled.then(work);
    this.#settled = result.catch(() => {});
    return result;
  }

  #requireRole(role: Role, operation: string): void {
    if (this.#role === role) return;
    const needed = role === 'client' ? 'a client' : 'a server: one with lookup or serverCert';
    throw this.#error({
      code: 'EINVAL',
      message: `${operation} needs the security of ${needed}; this socket has that of a ${this.#role}`,
    });
  }

  readonly #error = (init: EngineErrorInit): NetError => this.#host.error(init);
}
