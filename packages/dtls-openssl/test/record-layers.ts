/** Native record layers for tests, and the suites that they have. */

import { createHash } from 'node:crypto';
import { findCiphersuite } from '@avs-net/core/plugin';
import { loadAddon } from '../src/native.ts';
import { type TwinOptions, type TwinRecord, type TwinSuite, VERDICTS } from './record-twin.ts';

/** One of each kind. */
export const SUITES: readonly TwinSuite[] = [
  twinSuite('TLS_PSK_WITH_AES_128_CCM_8', 'aes-128-ccm', 8, 'sha256'),
  twinSuite('TLS_PSK_WITH_AES_128_CCM', 'aes-128-ccm', 16, 'sha256'),
  twinSuite('TLS_PSK_WITH_AES_256_CCM_8', 'aes-256-ccm', 8, 'sha256'),
  twinSuite('TLS_PSK_WITH_AES_256_CCM', 'aes-256-ccm', 16, 'sha256'),
  twinSuite('TLS_PSK_WITH_AES_128_GCM_SHA256', 'aes-128-gcm', 16, 'sha256'),
  twinSuite('TLS_PSK_WITH_AES_256_GCM_SHA384', 'aes-256-gcm', 16, 'sha384'),
  twinSuite('TLS_PSK_WITH_CHACHA20_POLY1305_SHA256', 'chacha20-poly1305', 16, 'sha256'),
];

export const NO_ID = new Uint8Array(0);

/** Always the same, and never zero where it matters. */
export function bytesOf(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: Math.max(1, length) })
    .update(seed)
    .digest()
    .subarray(0, length);
}

export const SECRETS = bytesOf('master secret and randoms', 112);

/** What `options` says with the roles and the ids exchanged: the other end. */
export function otherEnd(options: TwinOptions): TwinOptions {
  return { ...options, server: !options.server, ownId: options.peerId, peerId: options.ownId };
}

export function options(given: Partial<TwinOptions> = {}): TwinOptions {
  return { server: false, secrets: SECRETS, ownId: NO_ID, peerId: NO_ID, window: 64, ...given };
}

export class NativeLayer implements Disposable {
  readonly handle: number;

  constructor(handle: number) {
    this.handle = handle;
  }

  static create(suite: TwinSuite, { server, secrets, ownId, peerId, window }: TwinOptions): NativeLayer {
    return new NativeLayer(addon.createRecordLayer(suite.id, server, secrets, ownId, peerId, window));
  }

  /** Undefined: `state` is none. */
  static continue(state: Uint8Array): NativeLayer | undefined {
    const handle = addon.continueRecordLayer(state);
    return handle === 0 ? undefined : new NativeLayer(handle);
  }

  /** Empty: refused. */
  seal(type: number, content: Uint8Array, padding = 0, space = room.length): Buffer {
    const to = room.subarray(0, space);
    return Buffer.from(to.subarray(0, addon.sealRecord(this.handle, type, content, padding, to)));
  }

  /** In the form of the twin. */
  open(datagram: Uint8Array, at: number): TwinRecord {
    const [verdict, type, size, newest, next] = addon.openRecord(this.handle, datagram, at, room);
    const opened = verdict === 0;
    const content = Buffer.from(room.subarray(0, opened ? size : 0));
    return { verdict: VERDICTS[verdict]!, type: opened ? type : 0, content, newest, next };
  }

  /** All memory that it was given, whatever the verdict. */
  openInto(datagram: Uint8Array): Buffer {
    const to = Buffer.alloc(datagram.length, 0xff);
    addon.openRecord(this.handle, datagram, 0, to);
    return to;
  }

  setLimit(limit: number): number {
    return addon.setRecordLimit(this.handle, limit);
  }

  state(first: number): Buffer {
    return Buffer.from(addon.recordState(this.handle, first));
  }

  [Symbol.dispose](): void {
    addon.destroyRecordLayer(this.handle);
  }
}

function twinSuite(name: string, cipher: TwinSuite['cipher'], tag: number, hash: TwinSuite['hash']): TwinSuite {
  return { id: findCiphersuite(name)!.id, name, cipher, tag, hash };
}

const addon = loadAddon();
const room = new Uint8Array(1 << 17);
