import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { scriptedAssociation } from '../../test/scripted-association.ts';
import { scriptedLower } from '../../test/scripted-lower.ts';
import { secureNet, text } from '../../test/secure-net.ts';
import type { Association, Output } from '../contract/association.ts';
import type { ListenerHost, PeerRun } from '../contract/backend.ts';

const HOME = { host: '192.0.2.66', port: 666 };
const AWAY = { host: '198.51.100.1', port: 9 };

it('tells that a peer has moved before it hands over what came from there', async () => {
  const { net, dtls, serve, peer } = await secureNet();
  let host: ListenerHost | undefined;
  dtls.change = {
    listen(_lower, listener) {
      host = listener;
      return { close() {}, pause() {}, resume() {}, stats: () => ({}) };
    },
  };
  await serve();
  const lower = scriptedLower();
  let run: PeerRun | undefined;
  run = host!.open({
    lower,
    opening: { hello: new Uint8Array(1), from: HOME, cookieVerified: true },
    // As a listener does: the move is noticed inside the engine's call, in front of the message that proves it.
    association(request): Association {
      const { output } = request;
      const watched: Output = {
        datagram: (bytes) => output.datagram(bytes),
        message(bytes) {
          if (text(bytes) === 'from away') run?.moved?.(AWAY);
          output.message(bytes);
        },
        established: () => output.established(),
        closed: (alert) => output.closed(alert),
        failed: (error) => output.failed(error),
        need: (id, what) => output.need(id, what),
        dropped: (reason) => output.dropped(reason),
      };
      return scriptedAssociation({ ...request, output: watched });
    },
    established() {},
    closed() {},
  });
  lower.deliver('H');
  const log: unknown[] = [];
  const published: unknown[] = [];
  const keep = (event: unknown): void => void published.push(event);
  subscribe('avs-net:peer', keep);
  const socket = peer();
  socket.on('peerMoved', (from, to) => {
    log.push([from, to, socket.remoteHost(), socket.remotePort(), socket.remoteHostname()]);
    void socket.send(Buffer.from('welcome'));
  });
  socket.on('message', (data) => log.push(text(data), socket.remoteHost()));
  lower.deliver('Mfrom home');
  await Promise.resolve();
  lower.deliver('Mfrom away');
  unsubscribe('avs-net:peer', keep);
  expect(log).toEqual([
    ...['from home', HOME.host],
    [HOME, AWAY, AWAY.host, AWAY.port, AWAY.host],
    ...['from away', AWAY.host],
  ]);
  expect(lower.sent).toEqual(['W', 'Mwelcome']);
  expect(published).toEqual([{ phase: 'moved', backend: 'dtls-scripted', peer: AWAY, from: HOME }]);
  await net.close();
});
