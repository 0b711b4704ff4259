/** Broken copies of the reference backend that are broken in what they do with records and datagrams. */

import { type Mutant, withOutput } from './broken-copy.ts';
import { mutant } from './mutant.ts';

export const RECORD_MUTANTS: readonly Mutant[] = [
  mutant('is deaf after 64 lost records', 'datagram/client-long-loss', {
    association(sound, { role }) {
      let top = 0;
      return {
        receive(bytes, now) {
          const sequence = protectedSequence(bytes);
          if (role === 'client' && sequence !== undefined) {
            if (sequence > top + 64) return;
            top = Math.max(top, sequence);
          }
          sound.receive(bytes, now);
        },
      };
    },
  }),
  mutant('has no replay window', 'datagram/server-doubled', {
    association(sound, { output }) {
      const seen = new Set<string>();
      return {
        receive(bytes, now) {
          const name = Buffer.from(bytes).toString('hex');
          // Its content is known to nobody here; that something is delivered again is enough.
          if (bytes[0] === APPLICATION_DATA && seen.has(name)) output.message(Uint8Array.of(bytes[10]!));
          seen.add(name);
          sound.receive(bytes, now);
        },
      };
    },
  }),
  mutant('takes a late record for an old one', 'datagram/client-reordered', {
    association(sound, { role }) {
      let top = 0;
      return {
        receive(bytes, now) {
          const sequence = protectedSequence(bytes);
          if (role === 'client' && sequence !== undefined && bytes[0] === APPLICATION_DATA) {
            if (sequence < top) return;
            top = sequence;
          }
          sound.receive(bytes, now);
        },
      };
    },
  }),
  mutant('wants a HelloVerifyRequest from every server', 'psk/server-without-cookie', {
    association(sound, { role }) {
      let asked = false;
      return {
        receive(bytes, now) {
          asked ||= bytes[0] === HANDSHAKE && bytes[13] === HELLO_VERIFY_REQUEST;
          if (asked || role === 'server') sound.receive(bytes, now);
        },
      };
    },
  }),
  mutant('reports success for what no peer can take', 'limits/message', {
    // Core would refuse what is beyond a declared limit.
    claims({ limits: { message: _, ...limits } = {}, ...claims }) {
      return { ...claims, limits };
    },
    association: (sound) => ({
      maxMessage: (limit) => limit,
      send(message, now) {
        if (message.length <= 16_384) sound.send(message, now);
      },
    }),
  }),
  mutant('sends larger datagrams than the path carries', 'limits/inner-mtu-narrow-path', {
    request: ({ lowerMtu: _, ...request }) => ({ ...request, lowerMtu: 1_472 }),
    association: (sound) => ({ maxMessage: () => sound.maxMessage(1_472) }),
  }),
  mutant('forgets that the extended master secret is used', 'claims/extended-master-secret', {
    association: (sound) => ({ info: () => ({ ...sound.info(), extendedMasterSecret: false }) }),
  }),
  mutant('ends at a message that it does not expect', 'hostility/client-handshake', {
    association: (sound, { role, output, error }) => ({
      receive(bytes, now) {
        const isCertificate = bytes[0] === HANDSHAKE && bytes[13] === CERTIFICATE && sound.phase === 'handshake';
        if (isCertificate && role === 'client') output.failed(error({ code: 'EPROTO', message: 'no certificates' }));
        else sound.receive(bytes, now);
      },
    }),
  }),
  mutant('throws when it is freed', 'lifecycle/close-twice', {
    association: (sound) => ({
      destroy() {
        sound.destroy();
        throw new Error('freed twice');
      },
    }),
  }),
  mutant('says that it is still shaking hands', 'datagram/boundaries', { association: () => ({ phase: 'handshake' }) }),
  mutant('drops what both sides send at once', 'datagram/both-ways-at-once', {
    request(request) {
      let sent = false;
      return withOutput(request, (output) => ({
        datagram(bytes) {
          sent = bytes[0] === APPLICATION_DATA;
          return output.datagram(bytes);
        },
        message(bytes) {
          if (!sent) output.message(bytes);
          sent = false;
        },
      }));
    },
  }),
];

/** The number of the first record of a datagram, if it is protected. */
function protectedSequence(bytes: Uint8Array): number | undefined {
  return bytes.length >= 13 && bytes[4] === 1 ? Buffer.from(bytes).readUIntBE(5, 6) : undefined;
}

const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const HELLO_VERIFY_REQUEST = 3;
const CERTIFICATE = 11;
