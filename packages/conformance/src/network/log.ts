/**
 * The log of a network as text, for the message of a failed test and for comparing two runs. Bytes are not shown, only
 * their number: handshakes carry random values, the fates do not.
 */

import { formatAddress } from '@avs-net/core/plugin';
import type { LogEntry } from './datagram.ts';

export function formatLog(log: readonly LogEntry[]): string {
  return log.map(line).join('\n');
}

function line(entry: LogEntry): string {
  const way = `${formatAddress(entry.from)} > ${formatAddress(entry.to)}`;
  const fate = `${entry.fate} by ${entry.by}${entry.corrupted ? ', corrupted' : ''}`;
  const end = entry.unreachable > 0 ? `, ${entry.unreachable} unreachable` : '';
  const time = entry.at.toFixed(3).padStart(10);
  const delivered = `after ${entry.delay.toFixed(3)} ms ${entry.delivered} delivered${end}`;
  return `${time} ${entry.direction} ${entry.index} ${way} ${entry.data.length} bytes: ${fate}, ${delivered}`;
}
