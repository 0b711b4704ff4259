// A client that nobody answers, in the time of fake-time.c: prints when it sent its hello and when it gave up, in ms.
// Every wait is tried 15 ms before it is over too: nothing may leave then.
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const [addonPath, min, max] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(addonPath);
const file = openSync(process.env.AVS_NET_FAKE_TIME, 'r+');
const arena = new Uint8Array(256 * 1024);
const [DATAGRAM, TIMER, FAILED] = [1, 7, 8];
/** OpenSSL takes less than 15 ms for nothing. */
const EARLY = 16;

const context = addon.createContext(false, 0xfefd, 0xfefd, 'PSK-AES128-CCM8', [0xc0a8], false);
addon.useClientPsk(context, Buffer.from('device'), Buffer.from('sixteen bytes ok'));
const association = addon.createAssociation(context, 1_472, Number(min), Number(max), 64, undefined);

const sent = [];
let now = 0;
let deadline = 0;
let failed;

setTime(0);
read(addon.start(association, undefined, arena));
while (failed === undefined) {
  setTime(deadline - EARLY);
  read(addon.timeout(association, arena));
  if (sent.at(-1) === now || failed !== undefined) throw new Error(`too early, at ${now} ms`);
  setTime(now + EARLY);
  read(addon.timeout(association, arena));
  if (sent.at(-1) !== now && failed === undefined) throw new Error(`nothing was sent at ${now} ms`);
}
console.log(JSON.stringify({ sent, failed }));
addon.destroyAssociation(association);
addon.destroyContext(context);
closeSync(file);

function setTime(milliseconds) {
  now = milliseconds;
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(1_700_000_000_000 + milliseconds) * 1000n);
  writeSync(file, bytes, 0, 8, 0);
}

function read(used) {
  for (let at = 0; at < used; ) {
    const size = arena[at + 2] | (arena[at + 3] << 8);
    if (arena[at] === DATAGRAM) sent.push(now);
    if (arena[at] === FAILED) failed = now;
    if (arena[at] === TIMER) deadline = now + new DataView(arena.buffer).getUint32(at + 4, true);
    at += 4 + size;
  }
}
