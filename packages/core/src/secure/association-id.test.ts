import { describe, expect, it } from 'vitest';
import { continuingNet } from '../../test/continuing-net.ts';

describe('the id of an exported association', () => {
  it('may have another id where nothing was stored under the first one', async () => {
    const { client: make, pair } = await continuingNet();
    const { client } = await pair();
    await client.exportAssociation('dev-1');
    const other = await make();
    await other.connect('192.0.2.1', 5684);
    await expect(other.exportAssociation('dev-1')).rejects.toMatchObject({ code: 'EEXIST' });
    await other.exportAssociation('dev-2');
    await expect(other.exportAssociation('dev-3')).rejects.toMatchObject({ code: 'EINVAL' });
    const second = await make();
    expect(await second.continueAssociation('dev-2')).toBe(second);
    expect(await (await make()).continueAssociation('dev-1')).toBeDefined();
  });

  it('is taken while an export under it is under way', async () => {
    const { client: make, pair } = await continuingNet();
    const { client } = await pair();
    await client.exportAssociation('dev-1');
    const other = await make();
    await other.connect('192.0.2.1', 5684);
    const refused = other.exportAssociation('dev-1').catch((error) => error.code);
    const replacing = other.exportAssociation('dev-1', { replace: true });
    expect(await refused).toBe('EEXIST');
    await expect(other.exportAssociation('dev-2')).rejects.toMatchObject({ code: 'EINVAL' });
    await replacing;
  });
});
