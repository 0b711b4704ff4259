/**
 * The native addon as TypeScript sees it, and how it is found. Handles are numbers; whoever passes a wrong one gets a
 * RangeError. Loading it has no effect but on the thread that does it.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Mirrors native/entries.h. Entries that take an arena return how many bytes of frames they wrote into it. */
export interface Addon {
  versions(): { readonly built: string; readonly running: string; readonly major: number };
  /** IANA numbers of all suites of the running library. */
  ciphersuites(): number[];
  /** Of this thread, or of the whole process. */
  liveObjects(process: boolean): LiveObjects;
  createContext(
    server: boolean,
    minVersion: number,
    maxVersion: number,
    cipherList: string,
    suites: readonly number[],
    sha1Signatures: boolean,
  ): number;
  useClientPsk(context: number, identity: Uint8Array, key: Uint8Array): void;
  useServerPsk(context: number, hint: Uint8Array | undefined, concealUnknownIdentity: boolean): void;
  /** DER one behind the other, leaf first; the key as PKCS#8. */
  useCertificate(context: number, chain: Uint8Array, key: Uint8Array): void;
  /** `verifyMode` is SSL_VERIFY_…; anchors and lists as DER one behind the other. */
  useTrust(context: number, verifyMode: number, anchors: Uint8Array, revocationLists: Uint8Array, dane: boolean): void;
  destroyContext(context: number): boolean;
  /**
   * `mtu` in bytes, waits in milliseconds, `replayWindow` in records. Without `connectionId` none is negotiated (RFC
   * 9146).
   */
  createAssociation(
    context: number,
    mtu: number,
    minWait: number,
    maxWait: number,
    replayWindow: number,
    serverName?: string,
    connectionId?: Uint8Array,
  ): number;
  /** Before `expectPeer`; the context must know of it. */
  enableDane(association: number, baseDomain: string): void;
  /** Whether the record can be used. */
  addTlsaRecord(association: number, usage: number, selector: number, matchingType: number, data: Uint8Array): boolean;
  /** From now on the peer is verified, and it must have this name. */
  expectPeer(association: number, name: string, isAddress: boolean): void;
  start(association: number, opening: Uint8Array | undefined, arena: Uint8Array): number;
  receive(association: number, datagram: Uint8Array, arena: Uint8Array): number;
  send(association: number, message: Uint8Array, arena: Uint8Array): number;
  timeout(association: number, arena: Uint8Array): number;
  /** Server: the key for the ClientKeyExchange that comes next. */
  answerPsk(association: number, key: Uint8Array | undefined): void;
  shutdown(association: number, arena: Uint8Array): number;
  info(association: number): NativeInfo;
  /** Types of the last handshake messages (RFC 5246 §7.4), sent * 256 + received; 255: none. */
  lastMessages(association: number): number;
  /** Goes on from what `saveAssociation` gave; established by `start`. */
  continueAssociation(context: number, state: Uint8Array): number;
  /** See `Continuation`; these three only when established under an AEAD suite. */
  saveAssociation(association: number, reserve: number): Uint8Array;
  storedAssociation(association: number): void;
  numbersLeft(association: number): number;
  /** Number of the newest record that was authenticated; -1: none. */
  newestRecord(association: number): number;
  /** DER, leaf first. */
  peerCertificates(association: number): Uint8Array[];
  destroyAssociation(association: number): boolean;
  /** Client: associations can offer sessions, and servers are asked for tickets. */
  takeSessions(context: number): void;
  /** Server, once. `answerSession` is awaited before a session of a PSK identity is adopted. */
  serveSessions(context: number, idContext: Uint8Array, tickets: boolean): void;
  /** Server, after `serveSessions`: `answerServerName` is awaited where a client asks for a name. */
  serveNames(context: number): void;
  /**
   * Which context serves the name that was asked for: 0 none, that of the association: the name does not count.
   * Sessions of the association are bound to `idContext`.
   */
  answerServerName(association: number, context: number, idContext: Uint8Array, arena: Uint8Array): number;
  /** 80 bytes each; the first encrypts, all decrypt. */
  useTicketKeys(context: number, keys: Uint8Array): void;
  /** Before `start`. False: damaged, expired or not of this configuration, so it will be a full handshake. */
  offerSession(association: number, session: Uint8Array): boolean;
  /** Server: the key of the identity whose session is to be resumed. */
  answerSession(association: number, key: Uint8Array | undefined, arena: Uint8Array): number;
  /** As on the wire, best first. */
  useProtocols(context: number, protocols: Uint8Array): void;
  logKeys(context: number): void;
  exportKeyingMaterial(association: number, label: string, length: number, context?: Uint8Array): Uint8Array;
  /**
   * A record layer on its own. `secrets`: master secret, client random and server random, 112 bytes; `ownId` is on what
   * it opens, `peerId` on what it seals; `window`: a multiple of 64.
   */
  createRecordLayer(
    suite: number,
    server: boolean,
    secrets: Uint8Array,
    ownId: Uint8Array,
    peerId: Uint8Array,
    window: number,
  ): number;
  /** Bytes written; 0: no room, too long, or no number is left. */
  sealRecord(layer: number, type: number, content: Uint8Array, padding: number, to: Uint8Array): number;
  /** The record at `at`; `to` has at least as many bytes as the datagram. */
  openRecord(layer: number, datagram: Uint8Array, at: number, to: Uint8Array): NativeRecord;
  /** Numbers from `limit` on are not used. Its next number. */
  setRecordLimit(layer: number, limit: number): number;
  /** What a successor begins from at number `first`. Secret, the caller's to wipe. */
  recordState(layer: number, first: number): Uint8Array;
  /** A layer that seals nothing before `setRecordLimit`; 0: these bytes are no state. */
  continueRecordLayer(state: Uint8Array): number;
  destroyRecordLayer(layer: number): boolean;
}

/** Mirrors native/record-layer.h: verdict, real content type, bytes of content, newer than all before, next record. */
export type NativeRecord = readonly [verdict: number, type: number, size: number, newest: boolean, next: number];

/** How many objects of OpenSSL and of ours are alive. */
export interface LiveObjects {
  /** SSL_CTX. */
  readonly contexts: number;
  /** SSL: one for each handshake, and for each association of a suite that our record layer has not. */
  readonly connections: number;
  /** BIO. */
  readonly bios: number;
  readonly associations: number;
}

export interface NativeInfo {
  /** As on the wire. */
  readonly version?: number;
  /** IANA number. */
  readonly ciphersuite?: number;
  readonly encryptThenMac?: boolean;
  readonly resumed: boolean;
  readonly extendedMasterSecret: boolean;
  readonly pskIdentity?: Uint8Array;
  readonly identityHint?: string;
  readonly alpn?: Uint8Array;
  readonly serverName?: string;
  /** Both or none. */
  readonly ownId?: Uint8Array;
  readonly peerId?: Uint8Array;
}

/** The addon; an Error says why it cannot be had and what to do. */
export function loadAddon(): Addon {
  const require = createRequire(import.meta.url);
  const file = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (file === undefined) {
    throw new Error(
      `the native addon is not built for ${process.platform}-${process.arch}: build the package where there is a ` +
        'C++ compiler (pnpm build in a checkout, npx node-gyp rebuild in the package), or choose another dtls backend',
    );
  }
  return requireAddon(() => require(file) as Addon);
}

/** Calls `require` and explains its failure. */
export function requireAddon(require: () => Addon): Addon {
  try {
    return require();
  } catch (cause) {
    throw new Error(explain(cause), { cause });
  }
}

function explain(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const symbol = MISSING_SYMBOL.map((pattern) => pattern.exec(text)?.[1]).find((found) => found !== undefined);
  if (symbol === undefined) return `the native addon cannot be loaded: ${text}`;
  return (
    `${runtime()} does not export the OpenSSL functions that the native addon needs (missing: ${symbol}); ` +
    'Node.js 20 and newer do, elsewhere choose another dtls backend'
  );
}

function runtime(): string {
  const name = OTHER_RUNTIMES.find((candidate) => process.versions[candidate] !== undefined) ?? 'node';
  return `this runtime (${name} ${process.versions[name]})`;
}

/** Relative to src/ and dist/ alike: what was compiled here, else what the package brought along. */
const PLACES = [
  '../build/Release/dtls_openssl.node',
  `../prebuilds/${process.platform}-${process.arch}/dtls_openssl.node`,
];

/** glibc, musl, macOS, Windows. */
const MISSING_SYMBOL = [
  /undefined symbol: (\w+)/,
  /Error relocating .*: (\w+): symbol not found/,
  /symbol not found in flat namespace '_?(\w+)'/,
  /The specified (procedure) could not be found/,
];

const OTHER_RUNTIMES = ['bun', 'deno', 'electron'] as const;
