/**
 * What a udp or tcp configuration asks of a transport (`avs_net_socket_configuration_t`): a field that is not obeyed
 * would be ignored in silence, so an unclaimed one is refused. Values that mean "leave it alone" ask for nothing.
 */

import type { Claims, TransportFeature } from '../contract/claims.ts';
import { type Unmet, unclaimed } from '../contract/unmet.ts';
import { checkShape, joinPath, TRANSPORT_SHAPE } from './configuration-shape.ts';

/** `path` is where the configuration stands: '' or `backendConfiguration`. */
export function checkTransport(configuration: unknown, claims: Claims, path: string = ''): readonly Unmet[] {
  const wrong = checkShape(configuration, TRANSPORT_SHAPE, path);
  if (typeof configuration !== 'object' || configuration === null) return wrong;
  const unmet = [...wrong];
  for (const feature of FEATURES) {
    const value = (configuration as Record<string, unknown>)[feature];
    const place = joinPath(path, feature);
    const asksForNothing = value === undefined || NEUTRAL.includes(value);
    if (asksForNothing || wrong.some((line) => line.path === place)) continue;
    if (claims.transport?.features.includes(feature) !== true) {
      const need = `a transport that obeys ${feature}${WHERE[feature] ?? ''}`;
      unmet.push(unclaimed(place, need, `transport.features: ${feature}`));
    }
  }
  return unmet;
}

const FEATURES: readonly TransportFeature[] = [
  'dscp',
  'priority',
  'reuseAddress',
  'transparent',
  'interfaceName',
  'preferredEndpoint',
  'addressFamily',
  'preferredFamily',
  'forcedMtu',
  'reusePort',
  'replyFromAskedAddress',
];

/** Where to look for what a transport has only in part of the world. */
const WHERE: Readonly<Partial<Record<TransportFeature, string>>> = {
  reusePort: `, as udp does on Node 22.12 and newer (this is ${process.version})`,
};

/** The zero-filled values of the C structure. */
const NEUTRAL: readonly unknown[] = [0, false, '', 'unspec'];
