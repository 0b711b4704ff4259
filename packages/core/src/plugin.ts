/**
 * The door for backend authors: the contract as types, the error constructor, and the few pure tables that an engine
 * or a transport needs. No inversify, no sockets. A backend that wants no run-time import at all uses `import type` and
 * `host.error`.
 */

export * from './contract/address.ts';
export * from './contract/alert.ts';
export type * from './contract/association.ts';
export type * from './contract/backend.ts';
export * from './contract/ciphersuite.ts';
export type * from './contract/claims.ts';
export type { Clock, Timer } from './contract/clock.ts';
export type * from './contract/configuration.ts';
export { abortError, isNetError, NetError, type NetErrorInit, toNetError } from './contract/error.ts';
export * from './contract/options.ts';
export { nextWait, waitSchedule } from './contract/retransmission-schedule.ts';
export { unpooledCopy, wipe } from './contract/secret-bytes.ts';
export * from './contract/security.ts';
export { canonicalName, disguisedAddress, disguiseRefusal, isAddressLiteral } from './contract/server-name.ts';
export type { SocketState } from './contract/state.ts';
export * from './transport/ip-version.ts';
export { candidates, type Lookup, type Resolution } from './transport/name-resolution.ts';
export { interfaceName } from './transport/network-interface.ts';
export { type ErrorPlace, systemError } from './transport/system-error.ts';
