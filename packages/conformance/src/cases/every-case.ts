/** All cases, in the order in which a reader wants to see them fail. */

import type { ConformanceCase } from '../conformance-case.ts';
import { ADDRESSES } from './addresses.ts';
import { BUFFERS } from './buffers.ts';
import { CERTIFICATE } from './certificate.ts';
import { CLAIMS } from './claims.ts';
import { CONNECTION_ID } from './connection-id.ts';
import { CONTINUATION } from './continuation.ts';
import { DATAGRAM } from './datagram.ts';
import { DECORATE } from './decorate.ts';
import { FAULTS } from './faults.ts';
import { HOSTILITY } from './hostility.ts';
import { LIFECYCLE } from './lifecycle.ts';
import { LIMITS } from './limits.ts';
import { MIXED } from './mixed.ts';
import { NAMES } from './names.ts';
import { OPTIONS } from './options.ts';
import { PSK } from './psk.ts';
import { SERVER } from './server.ts';
import { SESSIONS } from './sessions.ts';
import { STREAM } from './stream.ts';
import { TICKETS } from './tickets.ts';

export const CASES: readonly ConformanceCase[] = [
  ...LIFECYCLE,
  ...DATAGRAM,
  ...OPTIONS,
  ...CLAIMS,
  ...SESSIONS,
  ...CONTINUATION,
  ...LIMITS,
  ...PSK,
  ...CERTIFICATE,
  ...ADDRESSES,
  ...MIXED,
  ...NAMES,
  ...BUFFERS,
  ...DECORATE,
  ...SERVER,
  ...CONNECTION_ID,
  ...FAULTS,
  ...HOSTILITY,
  ...STREAM,
  ...TICKETS,
];
