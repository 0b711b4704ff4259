/**
 * The door for applications: `createNet`, the guarded `Socket`, and the types that a configuration is written in.
 */

export { type Address, type AddressFamily, formatAddress } from './address.ts';
export type { Alert, AlertLevel } from './alert.ts';
export type { AssociationInfo, TraceEvent } from './association.ts';
export {
  AVS_EOF_CATEGORY,
  AVS_ERRNO,
  AVS_ERRNO_CATEGORY,
  AVS_NET_SSL_ALERT_CATEGORY,
  AVS_NET_SSL_LIB_ERROR_CATEGORY,
  AVS_OK,
  type AvsError,
  fromAvsError,
  toAvsError,
} from './avs-error.ts';
export type { LibraryVersion, Plugin, Probe } from './backend.ts';
export type { Decision, Skipped } from './backend-choice.ts';
export { CIPHERSUITES, type Ciphersuite, findCiphersuite } from './ciphersuite.ts';
export type * from './claims.ts';
export { type Clock, systemClock, type Timer } from './clock.ts';
export type * from './configuration.ts';
export { createNet } from './create-net.ts';
export type { WaitOptions } from './deadline.ts';
export type { DropDiagnostic, HandshakeDiagnostic, PeerDiagnostic } from './diagnostics.ts';
export { useFromEnvironment } from './environment.ts';
export { isNetError, NetError } from './error.ts';
export { fileSessionStore } from './file-session-store.ts';
export type { BackendReport, Net, NetOptions } from './net.ts';
export * from './options.ts';
export type { Datagram } from './reception.ts';
export type * from './security.ts';
export type { ChoiceReason, Use } from './selection.ts';
export { bufferSessionStore, memorySessionStore } from './session-store.ts';
export type { Socket } from './socket.ts';
export type { SocketEvent, SocketEventListeners } from './socket-events.ts';
export type { SocketInfo, SocketSummary } from './socket-facts.ts';
export type { SocketStatistics } from './socket-stats.ts';
export { AVS_STATES, type SocketState } from './state.ts';
export type { Unmet } from './unmet.ts';
