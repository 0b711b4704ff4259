/**
 * From a host as the caller wrote it to the addresses to try, in the order of `avs_net_addrinfo_resolve_ex`: one family
 * after the other, the preferred endpoint first. Keeps the order of the resolver (RFC 6724); avs_net shuffles.
 * Called by transports; core itself resolves nothing.
 */

import { isIP } from 'node:net';
import type { Address } from '../contract/address.ts';
import { abortError, NetError } from '../contract/error.ts';
import type { IpVersion } from './ip-version.ts';

/** The part of `dns.lookup` that is used. */
export type Lookup = (
  hostname: string,
  options: { readonly all: true; readonly family: IpVersion },
  callback: (error: Error | null, addresses: readonly { readonly address: string }[]) => void,
) => void;

export interface Resolution {
  readonly operation: string;
  readonly backend: string;
  readonly host: string;
  readonly port: number;
  readonly versions: readonly IpVersion[];
  readonly lookup: Lookup;
  readonly preferred?: Address | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Code of the error when there is no address at all. */
  readonly unresolvable: 'EADDRNOTAVAIL' | 'EINVAL';
}

/** Each family is resolved only when the addresses before it have been used up. Throws if there was none at all. */
export async function* candidates(resolution: Resolution): AsyncGenerator<Address, void, undefined> {
  const { host, port, versions, preferred, signal } = resolution;
  const literal = isIP(host);
  let found = false;
  let failure: unknown;
  for (const version of versions) {
    let hosts: readonly string[] = [];
    if (literal !== 0) hosts = literal === version ? [host] : [];
    else {
      try {
        hosts = await look(resolution, version);
      } catch (error) {
        if (signal?.aborted) throw abortError(resolution.operation, signal, resolution.backend);
        failure = error;
      }
    }
    found ||= hosts.length > 0;
    const first = preferred?.port === port ? hosts.find((each) => each === preferred.host) : undefined;
    if (first !== undefined) yield { host: first, port };
    for (const each of hosts) if (each !== first) yield { host: each, port };
  }
  if (!found) throw unresolved(resolution, literal !== 0, failure);
}

/** `dns.lookup` cannot be stopped: an abort leaves it running and ignores what it says. */
function look(resolution: Resolution, family: IpVersion): Promise<readonly string[]> {
  const { signal } = resolution;
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal?.reason);
    if (signal?.aborted) return aborted();
    signal?.addEventListener('abort', aborted, { once: true });
    resolution.lookup(resolution.host, { all: true, family }, (error, addresses) => {
      signal?.removeEventListener('abort', aborted);
      if (error) reject(error);
      else resolve(addresses.map((each) => each.address));
    });
  });
}

function unresolved(resolution: Resolution, literal: boolean, failure: unknown): NetError {
  const { host, versions } = resolution;
  const wanted = versions.map((version) => `IPv${version}`).join(' or ');
  const { code, message } = Object(failure) as { code?: unknown; message?: unknown };
  const reason = typeof code === 'string' ? ` (${code})` : '';
  return new NetError({
    code: resolution.unresolvable,
    operation: resolution.operation,
    backend: resolution.backend,
    message: literal
      ? `${host} is not an ${wanted} address, and no other family can be used here`
      : `the name ${JSON.stringify(host)} has no ${wanted} address${reason}`,
    library: failure === undefined ? undefined : { code: String(code), text: String(message) },
    cause: failure,
  });
}
