/** The other end of an association as its peer could play it: whoever has the key log can seal any record. */

import type { Role } from '@avs-net/core/plugin';
import { NativeLayer } from './record-layers.ts';
import { clientConfiguration, type EndOptions, serverConfiguration, Wire } from './wire.ts';

/** Far ahead of what the ends themselves have sent. */
const AHEAD = 1_000;

export interface Inside {
  readonly wire: Wire;
  /** Master secret, client random, server random. */
  readonly secrets: Buffer;
  /** Hands `victim` an authentic record that its peer never sent. */
  deliver(victim: Role, type: number, content: Uint8Array): void;
}

/** Established, with ids on both sides; nothing is lost, and nothing repeated however slow the machine is. */
export async function inside(
  client: Parameters<typeof clientConfiguration>[0] = {},
  options?: { client?: EndOptions },
  server = serverConfiguration({ ...SLOW, connectionId: { length: 4 } }),
): Promise<Inside> {
  let masterSecret: Buffer | undefined;
  const randoms: Partial<Record<Role, Uint8Array>> = {};
  const keylog = (line: string): void => {
    masterSecret = Buffer.from(line.split(' ')[2]!, 'hex');
  };
  const configuration = clientConfiguration({ ...SLOW, connectionId: { length: 2 }, keylog, ...client });
  const wire = new Wire(
    configuration,
    server,
    (bytes, from) => {
      // Record header, message header, version; the first message is a hello.
      randoms[from] ??= Buffer.from(bytes.subarray(13 + 12 + 2, 13 + 12 + 2 + 32));
      return [bytes];
    },
    options,
  );
  await wire.connect();
  const { ciphersuite, connectionId } = wire.client.association.info();
  const secrets = Buffer.concat([masterSecret!, randoms.client!, randoms.server!]);
  const { own, peer } = connectionId!;
  return {
    wire,
    secrets,
    deliver(victim, type, content) {
      const ids = victim === 'server' ? { ownId: own, peerId: peer } : { ownId: peer, peerId: own };
      const server = victim === 'client';
      const init = { server, secrets, ...ids, window: 64 };
      using first = NativeLayer.create({ ...CCM_8, id: ciphersuite!.id }, init);
      number += 1;
      using layer = NativeLayer.continue(first.state(number))!;
      layer.setLimit(number + 1);
      wire[victim].association.receive(layer.seal(type, content), 0);
    },
  };
}

/** A handshake message that fits its record. */
export function message(type: number, body = new Uint8Array(0)): Uint8Array {
  const header = Buffer.alloc(12);
  header[0] = type;
  header.writeUIntBE(body.length, 1, 3);
  header.writeUIntBE(body.length, 9, 3);
  return Buffer.concat([header, body]);
}

let number = AHEAD;
const SLOW = { dtlsHandshakeTimeouts: { min: 20_000, max: 20_000 } };
const CCM_8 = { name: 'any', cipher: 'aes-128-ccm', tag: 8, hash: 'sha256' } as const;
