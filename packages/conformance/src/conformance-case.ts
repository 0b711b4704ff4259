/**
 * A case of the kit, as data: what it is called, which claims it needs, and what it does. A case without needs is
 * mandatory for its type of plugin and cannot be excused.
 */

import type { Need } from './need.ts';
import type { Stage } from './stage.ts';

export type SecureType = 'dtls' | 'tls';

/** `types` of what is the same over datagrams and streams. */
export const BOTH_TYPES: readonly SecureType[] = ['dtls', 'tls'];

export interface ConformanceCase {
  /** `group/what`, stable: waivers and mutants name it. */
  readonly id: string;
  readonly title: string;
  /** What the backend provides; default: dtls. */
  readonly types?: readonly SecureType[];
  /** The role that the backend under test plays; the peer plays the other. */
  readonly role: 'client' | 'server';
  /** Claims of the backend under test beyond the role itself. What is not claimed must be refused instead. */
  readonly needs?: readonly Need[];
  /** What of it the peer needs too, or all; without a peer that claims it the case cannot be tried. */
  readonly mutual?: boolean | readonly Need[];
  run(stage: Stage): Promise<void>;
}
