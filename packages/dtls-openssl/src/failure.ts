/**
 * Errors of an association: from what the library said and the alerts that were seen to code, words and advice.
 */

import type { Alert, EngineErrorInit, Phase, Role } from '@avs-net/core/plugin';
import { FailureKind, readUint32 } from './frames.ts';
import { describeSilence } from './silence.ts';
import { verdictAdvice, verdictName } from './verification.ts';

export interface FailureContext {
  readonly role: Role;
  readonly established: boolean;
  readonly alert: Alert | undefined;
}

/** `payload` is that of a frame of kind `failed`. */
export function describeFailure(payload: Uint8Array, context: FailureContext): EngineErrorInit {
  const code = readUint32(payload, 4);
  const library = code === 0 ? undefined : { code, text: Buffer.from(payload.subarray(TEXT_AT)).toString('latin1') };
  if (payload[0] === FailureKind.timeout) {
    return { code: 'ETIMEDOUT', message: describeSilence(context.role, payload[1]!, payload[2]!), library };
  }
  if (payload[0] === FailureKind.exhausted) return { code: 'EPROTO', message: EXHAUSTED };
  if (payload[VERDICT_AT] !== 0) return describeVerdict(payload[VERDICT_AT]!, context, library?.text ?? '');
  return { code: 'EPROTO', message: describeProtocolFailure(context, library?.text), alert: context.alert, library };
}

/** Why a message of `length` bytes is not sent. */
export function describeRefusal(phase: Phase, length: number, most: number): EngineErrorInit {
  if (phase !== 'established') return { code: 'ENOTCONN', message: 'the association is not established' };
  if (length === 0) return { code: 'EINVAL', message: 'DTLS has no empty messages' };
  return { code: 'EMSGSIZE', message: `a DTLS record carries at most ${most} bytes, received ${length}` };
}

/** The library's own words are those of its verdict. */
function describeVerdict(verdict: number, { role, alert }: FailureContext, text: string): EngineErrorInit {
  const name = verdictName(verdict);
  const advice = verdictAdvice(verdict);
  const peer = role === 'client' ? 'server' : 'client';
  const next = advice === undefined ? '' : `; ${advice}`;
  const message = `the certificate of the ${peer} was refused: ${text} (${name})${next}`;
  return { code: 'EPROTO', message, alert, library: { code: name, text } };
}

function describeProtocolFailure({ alert, established }: FailureContext, text: string | undefined): string {
  const what = established ? 'the association' : 'the handshake';
  const name = alert === undefined ? '' : `alert ${alert.name} (${alert.description})`;
  if (alert?.origin === 'peer') return `the peer ended ${what} with ${name}`;
  if (alert?.description === UNRECOGNIZED_NAME) {
    return `the handshake was ended with ${name}: server.names has nothing for the name that the client asked for`;
  }
  const why = text === undefined ? 'the library gave no reason' : text.slice(text.lastIndexOf(':') + 1);
  return alert === undefined ? `${what} failed: ${why}` : `${what} was ended with ${name}: ${why}`;
}

/** What the addon refuses by an exception with a code. */
export function describeAddonError(cause: unknown): EngineErrorInit {
  const { code, message } = cause as { readonly code: string; readonly message: string };
  return { code, message, cause };
}

/** RFC 6066 §9. */
const UNRECOGNIZED_NAME = 112;
const EXHAUSTED = 'the association has used up its 2^48 record numbers (RFC 6347 §4.1); connect anew';
const VERDICT_AT = 3;
const TEXT_AT = 8;
