/**
 * An association around another: passes everything on, down to the engine. A layer overrides what it has a say in, so
 * that what the contract gains later reaches every engine.
 */

import type {
  Association,
  AssociationInfo,
  CertificateServerInfo,
  Continuation,
  ExportKeyingMaterial,
  NeedAnswer,
  Phase,
  Silence,
} from '@avs-net/core/plugin';
import { ENGINE_BYTES } from './half-open-bytes.ts';

export abstract class AssociationLayer implements Association {
  /** Set by the constructor of the layer; undefined as long as the inner association is being made. */
  protected inner!: Association;

  get phase(): Phase {
    return this.inner.phase;
  }

  get deadline(): number | undefined {
    return this.inner.deadline;
  }

  get halfOpenBytes(): number {
    return this.inner.halfOpenBytes ?? ENGINE_BYTES;
  }

  get newest(): number | undefined {
    return this.inner.newest;
  }

  get continuation(): Continuation | undefined {
    return this.inner.continuation;
  }

  /** Absent where the engine has none. */
  get exportKeyingMaterial(): ExportKeyingMaterial | undefined {
    const { inner } = this;
    return inner.exportKeyingMaterial && ((...of) => inner.exportKeyingMaterial!(...of));
  }

  start(now: number): void {
    this.inner.start(now);
  }

  receive(bytes: Uint8Array, now: number): void {
    this.inner.receive(bytes, now);
  }

  send(message: Uint8Array, now: number): void | Promise<void> {
    return this.inner.send(message, now);
  }

  timeout(now: number): void {
    this.inner.timeout(now);
  }

  answer(id: number, answer: NeedAnswer, now: number): void {
    this.inner.answer?.(id, answer, now);
  }

  answerName(id: number, credential: CertificateServerInfo | undefined, now: number): void {
    this.inner.answerName?.(id, credential, now);
  }

  shutdown(now: number): void | Promise<void> {
    return this.inner.shutdown(now);
  }

  silence(now: number): Silence | undefined {
    return this.inner.silence?.(now);
  }

  maxMessage(lowerLimit: number): number {
    return this.inner.maxMessage(lowerLimit);
  }

  info(): AssociationInfo {
    return this.inner.info();
  }

  destroy(): void {
    this.inner.destroy();
  }
}

/** A layer that has nothing to do behind the handshake: whoever is around it may then go past it. */
export abstract class HandshakeLayer extends AssociationLayer {
  /** What is behind this layer and those behind it. */
  get engine(): Association {
    return behindHandshake(this.inner);
  }
}

export function behindHandshake(association: Association): Association {
  return association instanceof HandshakeLayer ? association.engine : association;
}
