/**
 * The door for applications: `createNet`, the guarded `Socket`, and the types that a configuration is written in.
 */

export { fileAssociationStore } from './continuation/file-association-store.ts';
export { memoryAssociationStore } from './continuation/memory-association-store.ts';
export { type Address, type AddressFamily, formatAddress } from './contract/address.ts';
export type { Alert, AlertLevel } from './contract/alert.ts';
export type { AssociationInfo, TraceEvent } from './contract/association.ts';
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
} from './contract/avs-error.ts';
export type { LibraryVersion, Plugin, Probe } from './contract/backend.ts';
export { CIPHERSUITES, type Ciphersuite, findCiphersuite } from './contract/ciphersuite.ts';
export type * from './contract/claims.ts';
export { type Clock, systemClock, type Timer } from './contract/clock.ts';
export type * from './contract/configuration.ts';
export { isNetError, NetError } from './contract/error.ts';
export * from './contract/options.ts';
export type * from './contract/security.ts';
export { AVS_STATES, type SocketState } from './contract/state.ts';
export type { Unmet } from './contract/unmet.ts';
export { createNet } from './net/create-net.ts';
export type { BackendReport, Net, NetOptions } from './net/net.ts';
export type { WaitOptions } from './queue/deadline.ts';
export type { Decision, Skipped } from './selection/backend-choice.ts';
export { useFromEnvironment } from './selection/environment.ts';
export type { ChoiceReason, Use } from './selection/selection.ts';
export { fileSessionStore } from './session/file-session-store.ts';
export { bufferSessionStore, memorySessionStore } from './session/session-store.ts';
export type { ExportOptions } from './socket/continuation.ts';
export type { DropDiagnostic, HandshakeDiagnostic, PeerDiagnostic } from './socket/diagnostics.ts';
export type { Datagram } from './socket/reception.ts';
export type { Socket } from './socket/socket.ts';
export type { SocketEvent, SocketEventListeners } from './socket/socket-events.ts';
export type { SocketInfo, SocketSummary } from './socket/socket-facts.ts';
export type { SocketStatistics } from './socket/socket-stats.ts';
