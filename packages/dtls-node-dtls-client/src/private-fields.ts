/**
 * Everything private of node-dtls-client 2.0.3 that this backend uses, as types and as one list. The library has no
 * public way to run over another transport, to retransmit or to refuse forged records; its version is therefore pinned
 * and `probe` looks for every field on a throw-away instance before anything is claimed.
 */

/** `dtls.Socket` as this backend sees it. */
export interface InnerSocket {
  udp: InnerUdp;
  udp_onListening(): void;
  _connectionTimeout: ReturnType<typeof setTimeout> | undefined;
  readonly recordLayer: InnerRecordLayer;
  readonly handshakeHandler: InnerHandshakeHandler;
  /** Public: encrypts one message and sends it through `udp`. */
  send(data: Uint8Array): void;
  /** Public, but its argument is of a class that is not exported: one that serializes itself is enough. */
  sendAlert(alert: Serializable): void;
  on(event: 'connected', listener: () => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  removeAllListeners(): this;
}

/** What the library calls of its dgram socket. */
export interface InnerUdp {
  send(bytes: Buffer, offset: number, length: number, port: number, host: string, sent?: () => void): void;
  close(): void;
  removeAllListeners(event?: string): void;
}

export interface InnerRecordLayer {
  readonly epochs: readonly InnerEpoch[];
  _writeEpochNr: number;
  advanceReadEpoch(): void;
  /** Records that are of a known epoch, not replayed and authentic, decrypted. */
  receive(records: Buffer): readonly { readonly type: number; readonly data: Buffer }[];
  /** One record under the next number of the write epoch. */
  processOutgoingMessage(message: { readonly type: number; readonly data: Uint8Array }): Buffer;
}

export interface InnerEpoch {
  antiReplayWindow: InnerWindow;
  readonly connectionState: InnerConnectionState;
  /** Number of the last record that was sent. */
  readonly writeSequenceNumber: number;
}

export interface InnerWindow {
  mayReceive(sequence: number): boolean;
  markAsReceived(sequence: number): void;
}

export interface InnerConnectionState {
  readonly cipherSuite: { readonly id: number };
  readonly master_secret?: Buffer;
  /** By `client_write_key` and so on. */
  readonly key_material?: Readonly<Record<string, Buffer>>;
  /** Encrypts a packet; made by a getter of the prototype when it is first asked for. */
  readonly Cipher: (packet: InnerPacket) => Serializable;
  readonly Decipher: (packet: InnerPacket) => OpenedPacket;
}

/** A record, in the clear or not. */
export interface InnerPacket {
  readonly type: number;
  readonly epoch: number;
  readonly sequence_number: number;
  readonly fragment: Uint8Array;
}

export interface OpenedPacket extends InnerPacket {
  readonly fragment: Buffer;
  decompress(): OpenedPacket;
}

export interface InnerHandshakeHandler {
  lastFlight: InnerMessage[];
  allHandshakeData: Uint8Array[];
  bufferHandshakeData(...messages: InnerFragment[]): void;
  processIncomingMessage(message: IncomingMessage): void;
}

/** A handshake message of the client. */
export interface InnerMessage {
  readonly msg_type: number;
  /** ClientHello only. */
  cookie?: Buffer;
  toFragment(): InnerFragment;
}

export interface InnerFragment extends Serializable {
  readonly msg_type: number;
}

/** A whole handshake message of the server, as the library takes it. */
export interface IncomingMessage {
  readonly msg_type: number;
  readonly total_length: number;
  readonly message_seq: number;
  readonly fragment_offset: 0;
  readonly fragment: Buffer;
  isFragmented(): boolean;
}

export interface Serializable {
  serialize(): Buffer;
}

export interface PrivateField {
  readonly path: string;
  readonly type: 'function' | 'object' | 'number' | 'array';
  /** What cannot be done without it: nothing at all, or only retransmission. */
  readonly neededFor: 'association' | 'retransmission';
}

/** Fields of `dtls.Socket` before it listens. */
export const FIELDS_BEFORE_LISTENING: readonly PrivateField[] = [
  { path: 'udp', type: 'object', neededFor: 'association' },
  { path: 'udp_onListening', type: 'function', neededFor: 'association' },
  { path: '_connectionTimeout', type: 'object', neededFor: 'association' },
];

/** Fields after `udp_onListening`, which has sent the first ClientHello. */
export const FIELDS_WHEN_LISTENING: readonly PrivateField[] = [
  { path: '_connectionTimeout', type: 'object', neededFor: 'association' },
  { path: 'sendAlert', type: 'function', neededFor: 'association' },
  { path: 'recordLayer.receive', type: 'function', neededFor: 'association' },
  { path: 'recordLayer.advanceReadEpoch', type: 'function', neededFor: 'association' },
  { path: 'recordLayer.epochs.1.antiReplayWindow.mayReceive', type: 'function', neededFor: 'association' },
  { path: 'recordLayer.epochs.1.antiReplayWindow.markAsReceived', type: 'function', neededFor: 'association' },
  { path: 'recordLayer.epochs.1.connectionState.cipherSuite.id', type: 'number', neededFor: 'association' },
  { path: 'recordLayer.epochs.1.connectionState.Cipher', type: 'function', neededFor: 'association' },
  { path: 'recordLayer.epochs.1.connectionState.Decipher', type: 'function', neededFor: 'association' },
  { path: 'recordLayer.epochs.1.writeSequenceNumber', type: 'number', neededFor: 'association' },
  { path: 'handshakeHandler.processIncomingMessage', type: 'function', neededFor: 'association' },
  { path: 'handshakeHandler.bufferHandshakeData', type: 'function', neededFor: 'association' },
  { path: 'handshakeHandler.allHandshakeData', type: 'array', neededFor: 'association' },
  { path: 'handshakeHandler.lastFlight.0.toFragment', type: 'function', neededFor: 'retransmission' },
  { path: 'recordLayer.processOutgoingMessage', type: 'function', neededFor: 'retransmission' },
  { path: 'recordLayer._writeEpochNr', type: 'number', neededFor: 'retransmission' },
];

/** Those of `fields` that `holder` lacks. */
export function missingFields(holder: unknown, fields: readonly PrivateField[]): readonly PrivateField[] {
  return fields.filter(({ path, type }) => {
    const value = path.split('.').reduce<unknown>((at, name) => Object(at)[name], holder);
    return type === 'array' ? !Array.isArray(value) : value === null || typeof value !== type;
  });
}

/** A library that is not what this backend works on. */
export class LackingFields extends Error {
  readonly fields: readonly PrivateField[];

  constructor(fields: readonly PrivateField[]) {
    const paths = fields.map(({ path }) => path).join(', ');
    super(`node-dtls-client lacks private fields that this backend works on: ${paths}`);
    this.fields = fields;
  }
}
