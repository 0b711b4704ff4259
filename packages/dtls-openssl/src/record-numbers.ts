/**
 * RFC 6347 §4.2.1: the records of a server begin with the number of the hello that it has adopted. OpenSSL from 3.2 on
 * begins with 1, whatever that was; whoever looks for replays would then drop the answer to a hello that came again.
 * In the clear nothing authenticates a number, so it can be put right on the way out.
 */

import type { AssociationRequest, Output } from '@avs-net/core/plugin';
import { layered } from '@avs-net/dtls-endpoint';

/** `request`, for the engine; the same where it counts right by itself. */
export function counted(request: AssociationRequest): AssociationRequest {
  const hello = request.opening?.hello;
  if (hello === undefined || hello.length < HEADER) return request;
  const first = view(hello).readUIntBE(NUMBER_AT, NUMBER_SIZE);
  // What is left must be enough for a handshake.
  if (first === OPENSSL_FIRST || first > LARGEST_NUMBER / 2) return request;
  return { ...request, output: renumbering(request.output, first) };
}

function renumbering(output: Output, first: number): Output {
  let shift: number | undefined;
  const renumber = (datagram: Buffer): void => {
    for (let at = 0; at + HEADER <= datagram.length; at += HEADER + datagram.readUInt16BE(at + LENGTH_AT)) {
      // What is protected counts for itself, and is authenticated.
      if (datagram.readUInt16BE(at + EPOCH_AT) !== 0) return;
      const number = datagram.readUIntBE(at + NUMBER_AT, NUMBER_SIZE);
      shift ??= Math.max(0, first - number);
      if (shift > 0) datagram.writeUIntBE(number + shift, at + NUMBER_AT, NUMBER_SIZE);
    }
  };
  return layered(output, {
    datagram(bytes) {
      // Most of what leaves is protected, and a view costs more than this look.
      if (bytes[EPOCH_AT] === 0 && bytes[EPOCH_AT + 1] === 0) renumber(view(bytes));
      return output.datagram(bytes);
    },
  });
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const HEADER = 13;
const EPOCH_AT = 3;
const NUMBER_AT = 5;
const NUMBER_SIZE = 6;
const LENGTH_AT = 11;
const LARGEST_NUMBER = 2 ** 48 - 1;
const OPENSSL_FIRST = 1;
