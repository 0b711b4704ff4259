/**
 * The door for backend authors: the contract as types, the error constructor, and the few pure tables that an engine
 * or a transport needs. No inversify, no sockets. A backend that wants no run-time import at all uses `import type` and `host.error`.
 */

export * from './address.ts';
export * from './alert.ts';
export type * from './association.ts';
export type * from './backend.ts';
export * from './ciphersuite.ts';
export type * from './claims.ts';
export type { Clock, Timer } from './clock.ts';
export type * from './configuration.ts';
export { abortError, isNetError, NetError, type NetErrorInit, toNetError } from './error.ts';
export * from './ip-version.ts';
export { candidates, type Lookup, type Resolution } from './name-resolution.ts';
export { interfaceName } from './network-interface.ts';
export * from './options.ts';
export { nextWait, waitSchedule } from './retransmission-schedule.ts';
export { unpooledCopy, wipe } from './secret-bytes.ts';
export * from './security.ts';
export type { SocketState } from './state.ts';
export { type ErrorPlace, systemError } from './system-error.ts';
