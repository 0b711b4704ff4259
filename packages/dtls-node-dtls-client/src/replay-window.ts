/**
 * The anti-replay window of RFC 6347 §4.1.2.6, put in the place of the library's. Its own refuses every number that is
 * more than 64 above the highest one seen, so that 65 lost records in a row made it deaf for ever, and forgets to clear
 * bits when it moves by exactly 32. Moved by authentic records only.
 */

export interface ReplayWindow {
  mayReceive(sequence: number): boolean;
  markAsReceived(sequence: number): void;
}

export function replayWindow(): ReplayWindow {
  let highest = -1;
  // Bit n of the pair stands for `highest - n`.
  let low = 0;
  let high = 0;
  return {
    mayReceive(sequence) {
      const age = highest - sequence;
      if (age < 0) return true;
      if (age >= WIDTH) return false;
      return ((age < HALF ? low : high) & (1 << (age % HALF))) === 0;
    },
    markAsReceived(sequence) {
      const ahead = sequence - highest;
      if (ahead > 0) {
        if (ahead >= WIDTH) low = high = 0;
        else if (ahead >= HALF) {
          high = low << (ahead - HALF);
          low = 0;
        } else {
          high = (high << ahead) | (low >>> (HALF - ahead));
          low <<= ahead;
        }
        low |= 1;
        highest = sequence;
        return;
      }
      const age = -ahead;
      if (age < HALF) low |= 1 << age;
      else if (age < WIDTH) high |= 1 << (age - HALF);
    },
  };
}

const HALF = 32;
const WIDTH = 64;
