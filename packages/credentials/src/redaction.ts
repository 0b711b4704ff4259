/**
 * What a credential looks like to `util.inspect`, `console.log` and JSON: where it comes from and how large it is,
 * never a byte of it. Also what an engine query looks like in messages: RFC 7512 URIs may carry a PIN.
 */

import { inspect } from 'node:util';
import type { SecurityInfo } from '@avs-net/core/plugin';
import { describeSecret } from './secret-field.ts';

/** Makes `info` show itself redacted. */
export function redactFromSight(info: object): void {
  Object.defineProperty(info, 'toJSON', { enumerable: false, value: () => redacted(info as SecurityInfo) });
  Object.defineProperty(info, inspect.custom, { enumerable: false, value: () => redacted(info as SecurityInfo) });
}

/** A plain object that is safe to show. */
export function redacted(info: SecurityInfo): Readonly<Record<string, unknown>> {
  const { type, source } = info;
  switch (info.source) {
    case 'empty':
      return { type, source };
    case 'file':
      return { type, source, filename: info.filename, ...redactedPassword(info) };
    case 'path':
      return { type, source, path: info.path };
    case 'buffer':
      return { type, source, buffer: describeSecret(info, 'buffer'), ...redactedPassword(info) };
    case 'array':
      return { type, source, elements: info.elements };
    case 'list':
      return { type, source, list: info.list };
    case 'engine':
      return { type, source, query: redactedQuery(info.query) };
  }
}

/** RFC 7512 §2.4: `pin-value` is the PIN itself and `pin-source` may be a command that prints it. */
export function redactedQuery(query: string): string {
  return query.replace(/(pin-(?:value|source)=)[^&;?]*/gi, '$1(hidden)');
}

function redactedPassword(info: object): { password?: string } {
  return describeSecret(info, 'password') === undefined ? {} : { password: 'not shown' };
}
