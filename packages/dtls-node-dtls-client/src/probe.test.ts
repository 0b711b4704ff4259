import { dtls } from 'node-dtls-client';
import { describe, expect, it } from 'vitest';
import { handlesOf } from '../test/handles.ts';
import { CLAIMS } from './claims.ts';
import { nodeDtlsClientModule } from './context.ts';
import {
  FIELDS_BEFORE_LISTENING,
  FIELDS_WHEN_LISTENING,
  type InnerSocket,
  missingFields,
  type PrivateField,
} from './private-fields.ts';
import { judge, privateFieldsMissing, probe } from './probe.ts';

const ALL = [...FIELDS_BEFORE_LISTENING, ...FIELDS_WHEN_LISTENING];

/** The library, if it had no such field. */
function withoutField(field: string): typeof dtls {
  return {
    ...dtls,
    createSocket(options: Parameters<typeof dtls.createSocket>[0]) {
      const socket = dtls.createSocket(options) as unknown as InnerSocket;
      const { udp, _connectionTimeout } = socket;
      // What nobody can find any more must not stay open.
      clearTimeout(_connectionTimeout);
      if (field === 'udp') udp.removeAllListeners();
      if (field === 'udp') udp.close();
      Object.defineProperty(socket, field, { get: () => undefined, set() {} });
      return socket as unknown as ReturnType<typeof dtls.createSocket>;
    },
  };
}

describe('probe', () => {
  it('finds the library that the manifest pins, whole', async () => {
    expect(await probe()).toEqual({
      available: true,
      claims: CLAIMS,
      library: { name: 'node-dtls-client', built: '2.0.3', running: '2.0.3' },
    });
    expect(privateFieldsMissing(dtls)).toEqual([]);
  });

  it.each(ALL.filter(({ neededFor }) => neededFor === 'association'))('is unavailable without $path', (field) => {
    const verdict = judge([field]);
    expect(verdict).toMatchObject({ available: false });
    expect((verdict as { reason: string }).reason).toContain(field.path);
  });

  it.each(ALL.filter(({ neededFor }) => neededFor === 'retransmission'))('claims no timers without $path', (field) => {
    const verdict = judge([field]) as { available: true; claims: typeof CLAIMS };
    expect(verdict.available).toBe(true);
    const { handshakeTimers, ...rest } = CLAIMS.client!;
    expect(handshakeTimers).toBe(true);
    expect(verdict.claims).toEqual({ ...CLAIMS, client: rest, options: { ...CLAIMS.options, writable: [] } });
  });

  it('trusts no other version', () => {
    expect(judge([], '2.0.4')).toEqual({
      available: false,
      reason: expect.stringMatching(/2\.0\.4 is installed, and only 2\.0\.3 has been examined/),
    });
  });

  it.each([...FIELDS_BEFORE_LISTENING, { path: 'handshakeHandler' }])('finds out that $path is missing', ({ path }) => {
    const library = withoutField(path);
    const missing = privateFieldsMissing(library).map((field) => field.path);
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.every((each) => each.startsWith(path))).toBe(true);
    expect(() => nodeDtlsClientModule(library)).toThrow(/lacks private fields that this backend works on: /);
  });

  it('leaves no timer and no socket', async () => {
    const handles = handlesOf(() => privateFieldsMissing(dtls));
    expect(handles.made).toBe(3);
    expect(await handles.left()).toEqual([]);
  });
});

describe('missing fields', () => {
  const field = (path: string, type: PrivateField['type']): PrivateField => ({ path, type, neededFor: 'association' });
  const holder = { list: [{ run() {} }], size: 0, nothing: null };

  it.each([
    { path: 'list', type: 'array', missing: false },
    { path: 'list.0.run', type: 'function', missing: false },
    { path: 'size', type: 'number', missing: false },
    { path: 'list', type: 'function', missing: true },
    { path: 'list.1.run', type: 'function', missing: true },
    { path: 'nothing', type: 'object', missing: true },
    { path: 'nothing.more', type: 'object', missing: true },
    { path: 'absent', type: 'number', missing: true },
  ] as const)('$path as $type: missing $missing', ({ path, type, missing }) => {
    expect(missingFields(holder, [field(path, type)]).length).toBe(missing ? 1 : 0);
  });
});
