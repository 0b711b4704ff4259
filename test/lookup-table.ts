/** A resolver of names for transports under test, in place of the system's. */

import type { Lookup } from '@avs-net/core/plugin';

/** Resolves names from a table; an absent name is ENOTFOUND. Keeps the questions as `name/family`. */
export function lookupTable(table: Readonly<Record<string, readonly string[]>>): {
  lookup: Lookup;
  asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    lookup: (name, { family }, found) => {
      asked.push(`${name}/${family}`);
      const hosts = table[`${name}/${family}`];
      queueMicrotask(() => {
        if (hosts !== undefined)
          return found(
            null,
            hosts.map((address) => ({ address })),
          );
        found(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), []);
      });
    },
  };
}
