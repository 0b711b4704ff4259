/**
 * What stands between the network and any DTLS engine.
 */

export { MAX_PSK_IDENTITY, pskIdentityOf } from './client-key-exchange.ts';
export { ConnectionIds, connectionIds } from './connection-ids.ts';
export { type OrderRules, ordered } from './handshake-order.ts';
export { listen } from './listener.ts';
export { layered } from './output-layer.ts';
export { PSK_NEED, type PskGateRules, pskGate } from './psk-gate.ts';
export { type FilterRules, filtered, type MakeAssociation } from './record-filter.ts';
export { REFUSALS, type Refusal } from './refusal.ts';
