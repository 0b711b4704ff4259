import { describe, expect, it } from 'vitest';
import { createUdp, type UdpSettings, udp } from './plugin.ts';

describe('createUdp', () => {
  const WRONG: readonly [string, unknown][] = [
    ['peerLimit', 0],
    ['peerLimit', 1.5],
    ['peerLimit', '10'],
    ['lookup', 'dns'],
  ];
  it.each(WRONG)('%s: %j is EINVAL by name', (field, value) => {
    expect(() => createUdp({ [field]: value } as UdpSettings)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining(`${field} must be`) }),
    );
  });

  it('makes a plugin that nobody can change', () => {
    expect(udp).toMatchObject({ contract: 1, name: 'udp', provides: 'udp' });
    expect(Object.isFrozen(udp)).toBe(true);
  });
});
