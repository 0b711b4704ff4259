/**
 * What is said of an alert that nobody authenticated, once nothing better came, and what to look at.
 */

import { type Alert, CLOSE_NOTIFY } from '@avs-net/core/plugin';

export function describeHint({ name, description }: Alert, then = 'and nothing else completed the handshake'): string {
  const what = description === CLOSE_NOTIFY ? 'ended' : 'refused';
  const advice = ADVICE[description] ?? 'its log should say why';
  const alert = `${name} (${description}), which was not authenticated`;
  return `the peer ${what} the handshake with alert ${alert}, ${then}; ${advice}`;
}

const ADVICE: Readonly<Record<number, string>> = {
  20: 'the key may be wrong',
  40: 'both sides need a ciphersuite and a credential of the same kind',
  48: 'it does not know the authority that signed our certificate',
  51: 'the key may be wrong',
  70: 'both sides need a version in common',
  71: 'its policy wants stronger ciphersuites or keys',
  112: 'it serves no such name: is serverNameIndication right?',
  115: 'it does not know the PSK identity',
  116: 'it wants a client certificate',
};
