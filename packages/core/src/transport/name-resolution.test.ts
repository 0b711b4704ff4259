import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Address } from '../contract/address.ts';
import { type IpVersion, versionOrder } from './ip-version.ts';
import { candidates, type Lookup, type Resolution } from './name-resolution.ts';

describe('versionOrder', () => {
  it.each([
    ['unspec', 'unspec', [6, 4]],
    ['inet6', 'unspec', [6, 4]],
    ['inet4', 'unspec', [4, 6]],
    ['inet4', 'inet6', [6]],
    ['inet6', 'inet4', [4]],
  ] as const)('preferred %s, only %s', (preferred, only, order) => {
    expect(versionOrder(preferred, only)).toEqual(order);
  });
});

describe('candidates', () => {
  const table = { 6: ['2001:db8::1', '2001:db8::2'], 4: ['192.0.2.1', '192.0.2.2'] };

  it('resolves the second family only when the first is used up', async () => {
    const { addresses, asked } = start({ versions: [6, 4] }, table);
    expect((await addresses.next()).value).toEqual({ host: '2001:db8::1', port: 5684 });
    expect((await addresses.next()).value).toEqual({ host: '2001:db8::2', port: 5684 });
    expect(asked).toEqual([6]);
    expect((await addresses.next()).value).toEqual({ host: '192.0.2.1', port: 5684 });
    expect(asked).toEqual([6, 4]);
  });

  const PREFERRED: readonly [string, Address, string[]][] = [
    ['first in its family', { host: '192.0.2.2', port: 5684 }, ['192.0.2.2', '192.0.2.1']],
    ['not with another port', { host: '192.0.2.2', port: 1 }, ['192.0.2.1', '192.0.2.2']],
    ['not if it was not resolved', { host: '192.0.2.9', port: 5684 }, ['192.0.2.1', '192.0.2.2']],
  ];
  it.each(PREFERRED)('the preferred address: %s', async (_name, preferred, hosts) => {
    expect(await all({ versions: [4], preferred }, table)).toEqual(hosts);
  });

  const LITERALS: readonly [string, IpVersion[], string[]][] = [
    ['192.0.2.7', [6, 4], ['192.0.2.7']],
    ['2001:db8::7', [4, 6], ['2001:db8::7']],
  ];
  it.each(LITERALS)('asks nobody about %s', async (host, versions, hosts) => {
    const { addresses, asked } = start({ host, versions }, table);
    const found: string[] = [];
    for await (const address of addresses) found.push(address.host);
    expect(found).toEqual(hosts);
    expect(asked).toEqual([]);
  });

  it('a literal of a family that is not allowed has no address', async () => {
    await expect(all({ host: '192.0.2.7', versions: [6] }, table)).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: expect.stringContaining('192.0.2.7 is not an IPv6 address'),
    });
  });

  it('a family without addresses is no error if the other has one', async () => {
    expect(await all({ versions: [6, 4] }, { 4: ['192.0.2.1'] })).toEqual(['192.0.2.1']);
  });

  it.each(['EADDRNOTAVAIL', 'EINVAL'] as const)(
    'no address at all is %s as asked, with the words of the resolver',
    async (unresolvable) => {
      await expect(all({ versions: [6, 4], unresolvable }, {})).rejects.toMatchObject({
        code: unresolvable,
        operation: 'connect',
        backend: 'udp',
        library: { code: 'ENOTFOUND', text: 'unknown' },
        message: expect.stringContaining('"device" has no IPv6 or IPv4 address (ENOTFOUND)'),
      });
    },
  );

  it('stops waiting when it is aborted', async () => {
    const controller = new AbortController();
    const lookup: Lookup = () => controller.abort(new Error('enough'));
    const { addresses } = start({ versions: [6], signal: controller.signal, lookup }, {});
    await expect(addresses.next()).rejects.toMatchObject({ name: 'AbortError', cause: new Error('enough') });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});

type Table = { readonly [version in IpVersion]?: readonly string[] };

function start(resolution: Partial<Resolution> & Pick<Resolution, 'versions'>, table: Table) {
  const asked: IpVersion[] = [];
  const lookup: Lookup = (_name, { family }, found) => {
    asked.push(family);
    const hosts = table[family];
    if (hosts === undefined) found(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []);
    else
      found(
        null,
        hosts.map((address) => ({ address })),
      );
  };
  const addresses = candidates({
    operation: 'connect',
    backend: 'udp',
    host: 'device',
    port: 5684,
    unresolvable: 'EADDRNOTAVAIL',
    lookup,
    ...resolution,
  });
  return { addresses, asked };
}

async function all(...args: Parameters<typeof start>): Promise<string[]> {
  const hosts: string[] = [];
  for await (const { host } of start(...args).addresses) hosts.push(host);
  return hosts;
}
