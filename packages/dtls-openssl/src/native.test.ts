import { describe, expect, it } from 'vitest';
import { type Addon, loadAddon } from './native.ts';

const addon = loadAddon();
const arena = new Uint8Array(256 * 1024);
const VALID_CONTEXT = [false, 0xfefd, 0xfefd, 'PSK-AES128-CCM8', [0xc0a8], false] as const;

/** Everything that JavaScript has to offer. */
const ODDITIES: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  0,
  0.5,
  1e300,
  Number.NaN,
  2 ** 31,
  '',
  'text',
  'nul\0',
  'x'.repeat(10_000),
  Symbol('s'),
  10n,
  {},
  [],
  [1, 2, 'x'],
  [Symbol('s')],
  new Array(1_000).fill(1),
  () => 0,
  new Uint8Array(0),
  new Uint8Array(70_000),
  new Uint16Array(8),
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(8),
  detached(),
  new Uint8Array(new SharedArrayBuffer(16)),
  new Proxy([1], { get: () => Symbol('trap') }),
  Object.defineProperty([1], 0, {
    get() {
      throw new TypeError('getter');
    },
  }),
];

function detached(): Uint8Array {
  const bytes = new Uint8Array(300_000);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

type Call = readonly unknown[];

/** One good call of every entry; the handles are those of live objects. */
function goodCalls(context: number, association: number, layer: number): Readonly<Record<keyof Addon, Call>> {
  return {
    versions: [],
    ciphersuites: [],
    liveObjects: [false],
    createContext: VALID_CONTEXT,
    useClientPsk: [context, new Uint8Array(4).fill(65), new Uint8Array(16)],
    useServerPsk: [context, undefined, true],
    useCertificate: [context, new Uint8Array(20), new Uint8Array(20)],
    useTrust: [context, 1, new Uint8Array(0), new Uint8Array(0), false],
    destroyContext: [context],
    createAssociation: [context, 1_472, 20, 160, 64, undefined],
    enableDane: [association, 'server.example'],
    addTlsaRecord: [association, 3, 0, 1, new Uint8Array(32)],
    expectPeer: [association, 'server.example', false],
    start: [association, undefined, arena],
    receive: [association, new Uint8Array(20), arena],
    send: [association, new Uint8Array(20), arena],
    timeout: [association, arena],
    answerPsk: [association, new Uint8Array(16)],
    shutdown: [association, arena],
    info: [association],
    lastMessages: [association],
    newestRecord: [association],
    continueAssociation: [context, new Uint8Array(100)],
    saveAssociation: [association, 10],
    storedAssociation: [association],
    numbersLeft: [association],
    peerCertificates: [association],
    destroyAssociation: [association],
    takeSessions: [context],
    serveSessions: [context, new Uint8Array(32), true],
    serveNames: [context],
    answerServerName: [association, 0, new Uint8Array(32), arena],
    useTicketKeys: [context, new Uint8Array(80)],
    offerSession: [association, new Uint8Array(20)],
    answerSession: [association, new Uint8Array(16), arena],
    useProtocols: [context, Buffer.from('\x04coap')],
    logKeys: [context],
    exportKeyingMaterial: [association, 'EXPERIMENTAL', 16, undefined],
    createRecordLayer: [0xc0a8, true, new Uint8Array(112), new Uint8Array(8), new Uint8Array(0), 64],
    sealRecord: [layer, 23, new Uint8Array(20), 0, arena],
    openRecord: [layer, new Uint8Array(20), 0, arena],
    setRecordLimit: [layer, 100],
    recordState: [layer, 100],
    continueRecordLayer: [new Uint8Array(20)],
    destroyRecordLayer: [layer],
  };
}

describe('an entry of the addon', () => {
  const entries = Object.keys(goodCalls(0, 0, 0)) as (keyof Addon)[];

  it('is in this table', () => {
    expect(Object.keys(addon).sort()).toEqual([...entries].sort());
  });

  it.each(entries)('%s survives any argument in any place', (name) => {
    const context = addon.createContext(...VALID_CONTEXT);
    addon.useClientPsk(context, Buffer.from('id'), new Uint8Array(16));
    const association = addon.createAssociation(context, 1_472, 20, 160, 64);
    const layer = addon.createRecordLayer(0xc0a8, true, new Uint8Array(112), new Uint8Array(8), new Uint8Array(0), 64);
    const good = goodCalls(context, association, layer)[name];
    const call = addon[name] as (...list: Call) => unknown;
    /** Whether the arguments were refused; what they made is freed. */
    const refuses = (...list: Call): boolean => {
      try {
        const result = call(...list);
        if (name === 'createContext') addon.destroyContext(result as number);
        if (name === 'createAssociation') addon.destroyAssociation(result as number);
        if (name === 'createRecordLayer') addon.destroyRecordLayer(result as number);
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        return true;
      }
    };
    for (let place = 0; place < good.length; place++) {
      const refused = ODDITIES.filter((odd) => refuses(...good.slice(0, place), odd, ...good.slice(place + 1)));
      expect(refused.length, `argument ${place}`).toBeGreaterThan(ODDITIES.length / 2);
      refuses(...good.slice(0, place));
    }
    expect(() => call(...good, ...new Array(9).fill(0))).toThrow(TypeError);
    addon.destroyRecordLayer(layer);
    addon.destroyAssociation(association);
    addon.destroyContext(context);
    expect(addon.liveObjects(false)).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  });

  it.each([
    ['a number', () => addon.receive('1' as never, arena, arena), TypeError, /receive: association must be a number/],
    ['an invented handle', () => addon.info(4_711), RangeError, /info: association must be the handle of an assoc/],
    [
      'a text',
      () => addon.createContext(false, 0xfefd, 0xfefd, 7 as never, [], false),
      TypeError,
      /cipherList must be a str/,
    ],
    [
      'suites',
      () => addon.createContext(false, 0xfefd, 0xfefd, 'PSK', [], false),
      RangeError,
      /suites must be of 1 to 256/,
    ],
    [
      'a version',
      () => addon.createContext(false, 771, 0xfefd, 'PSK', [1], false),
      RangeError,
      /minVersion must be an integ/,
    ],
  ])('says what is wrong with %s', (_what, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  it('throws what OpenSSL says of a list of suites that it does not know', () => {
    expect(() => addon.createContext(false, 0xfefd, 0xfefd, 'NO-SUCH-SUITE', [1], false)).toThrow(
      expect.objectContaining({ code: 'EINVAL', libraryText: expect.stringContaining('no cipher match') }),
    );
  });

  it('refuses handles of what is gone, also when their place was taken again', () => {
    const first = addon.createContext(...VALID_CONTEXT);
    expect(addon.destroyContext(first)).toBe(true);
    const second = addon.createContext(...VALID_CONTEXT);
    expect(second).not.toBe(first);
    expect(addon.destroyContext(first)).toBe(false);
    expect(() => addon.createAssociation(first, 1_472, 20, 160, 64)).toThrow(RangeError);
    expect(addon.destroyContext(second)).toBe(true);
  });

  it('keeps a context for the associations that use it', () => {
    const context = addon.createContext(...VALID_CONTEXT);
    addon.useClientPsk(context, Buffer.from('id'), new Uint8Array(16));
    const association = addon.createAssociation(context, 1_472, 20, 160, 64);
    addon.destroyContext(context);
    expect(addon.start(association, undefined, arena)).toBeGreaterThan(0);
    addon.destroyAssociation(association);
    expect(addon.liveObjects(false)).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  });

  it('leaves the error queue that node:crypto reads empty', async () => {
    const { createPrivateKey } = await import('node:crypto');
    expect(() => createPrivateKey('no key')).toThrow(/no start line|unsupported/i);
    expect(() => addon.createContext(false, 0xfefd, 0xfefd, 'NO-SUCH-SUITE', [1], false)).toThrow('OpenSSL refuses');
    expect(() => createPrivateKey('no key')).not.toThrow(/no cipher match/);
  });
});
