import { describe, expect, it } from 'vitest';
import { createTcp, type TcpSettings, tcp } from './plugin.ts';

describe('createTcp', () => {
  const WRONG: readonly [string, unknown][] = [
    ['lookup', 'dns'],
    ['lookup', null],
  ];
  it.each(WRONG)('%s: %j is EINVAL by name', (field, value) => {
    expect(() => createTcp({ [field]: value } as TcpSettings)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining(`${field} must be`) }),
    );
  });

  it('makes a plugin that nobody can change', () => {
    expect(tcp).toMatchObject({ contract: 1, name: 'tcp', provides: 'tcp' });
    expect(Object.isFrozen(tcp)).toBe(true);
  });
});
