/** Sessions that were made with certificates; to what they are bound is up to the scope and to core. */

import { X509Certificate } from 'node:crypto';
import type { CertificateInfo, Context } from '@avs-net/core/plugin';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Authority, Identity } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { chainOf, configured, ownCertificate, presenting, trusting } from '../test/certificates.ts';
import { contextOf, type EndOptions, Wire } from '../test/wire.ts';

let root: Authority;
let server: Identity;
let device: Identity;
let serving: Context;
const wires: Wire[] = [];

const session = new Map<string, Uint8Array>();
const rules = () => ({ clientAuthentication: 'required', trustedCerts: chainOf(root.certificate) }) as const;

pkiStage((pki) => {
  root = pki.authority('root');
  [server, device] = [root.issue('server.example'), root.issue('device')];
});
beforeEach(async () => {
  serving = await contextOf(configured(presenting(server, rules()), { session }));
});
afterEach(() => {
  for (const wire of wires.splice(0)) wire.destroy();
});

/** The same server every time. */
async function connect(client: CertificateInfo, options: EndOptions = {}): Promise<Wire> {
  const configuration = configured(client, { session });
  const ends = { client: { serverName: 'server.example', ...options } };
  const contexts = [await contextOf(configuration), serving];
  const wire = new Wire(configuration, configured(presenting(server, rules())), undefined, ends, contexts);
  wires.push(wire);
  return wire.connect();
}

const client = (overrides: Partial<CertificateInfo> = {}) =>
  trusting([root], { ...ownCertificate(device), ...overrides });

describe('a session made with certificates', () => {
  it('is resumed, and both still know who the other is', async () => {
    const first = await connect(client());
    const second = await connect(client(), { session: first.client.sessions[0]! });
    expect(second.server.association.info().resumed && second.client.association.info().resumed).toBe(true);
    const shown = [second.server, second.client].map(({ association }) => association.info().peerCertificates?.[0]);
    expect(shown.map((der) => new X509Certificate(der!).subject)).toEqual(['CN=device', 'CN=server.example']);
  });
});
