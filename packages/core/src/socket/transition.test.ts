import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { bytes, fakeSocket, fakeSocketIn, PEER, settled, suspended } from '../../test/fake-socket.ts';

const connectTo = [PEER.host, PEER.port] as const;

describe('a connect that fails', () => {
  it('leaves a closed socket closed, closes what was opened and forgets what arrived', async () => {
    const { socket, operations, host, calls } = fakeSocket();
    operations.connect = async () => {
      host.deliver(bytes(1));
      throw Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' });
    };
    await expect(socket.connect(...connectTo)).rejects.toMatchObject({
      name: 'NetError',
      code: 'ECONNREFUSED',
      operation: 'connect',
      backend: 'fake-udp',
    });
    expect(socket.state).toBe('closed');
    expect(calls).toEqual(['close']);
    expect(socket.getOption('hasBufferedData')).toBe(false);
  });

  it('leaves a bound socket bound and open', async () => {
    const { socket, operations, calls } = await fakeSocketIn('bound');
    operations.connect = () => Promise.reject(new Error('broken'));
    await expect(socket.connect(...connectTo)).rejects.toMatchObject({ code: 'UNKNOWN_ERROR' });
    expect(socket.state).toBe('bound');
    expect(calls).toEqual(['bind']);
  });

  it('may throw before it has a promise', async () => {
    const { socket, operations } = fakeSocket();
    operations.connect = () => {
      throw new Error('at once');
    };
    await expect(socket.connect(...connectTo)).rejects.toThrow('at once');
    expect(socket.state).toBe('closed');
  });

  it('can be tried again', async () => {
    const { socket, operations } = fakeSocket();
    operations.connect = () => Promise.reject(new Error('broken'));
    await socket.connect(...connectTo).catch(() => {});
    operations.connect = async () => {};
    await socket.connect(...connectTo);
    expect(socket.state).toBe('connected');
  });

  it('shows its own error, not that of the close behind it', async () => {
    const { socket, operations } = fakeSocket();
    operations.connect = () => Promise.reject(new Error('first'));
    operations.close = () => Promise.reject(new Error('second'));
    await expect(socket.connect(...connectTo)).rejects.toThrow('first');
  });
});

describe('a connect under way', () => {
  it('is not connected yet', async () => {
    const gate = suspended();
    const { socket } = fakeSocket({ operations: { connect: gate.connect } });
    const connecting = socket.connect(...connectTo);
    expect(socket.state).toBe('closed');
    await expect(socket.send(bytes(1))).rejects.toMatchObject({
      code: 'ENOTCONN',
      message: expect.stringContaining('connect is still under way'),
    });
    await expect(socket.receive()).rejects.toMatchObject({ code: 'ENOTCONN' });
    gate.succeed();
    await connecting;
    expect(socket.state).toBe('connected');
  });

  it.each(['connect', 'bind'] as const)('keeps another %s out: EALREADY', async (operation) => {
    const gate = suspended();
    const { socket } = fakeSocket({ operations: { connect: gate.connect } });
    const connecting = socket.connect(...connectTo);
    await expect(socket[operation](...connectTo)).rejects.toMatchObject({ code: 'EALREADY', operation });
    gate.succeed();
    await connecting;
  });

  it('keeps what arrives before it is done', async () => {
    const gate = suspended();
    const { socket, host } = fakeSocket({ operations: { connect: gate.connect } });
    const connecting = socket.connect(...connectTo);
    await settled();
    host.deliver(bytes(1));
    gate.succeed();
    await connecting;
    await expect(socket.receive()).resolves.toEqual(bytes(1));
  });

  it('is aborted by close, and the socket can be used again', async () => {
    const gate = suspended();
    const { socket, operations, calls } = fakeSocket({ operations: { connect: gate.connect } });
    const connecting = socket.connect(...connectTo);
    const refused = expect(connecting).rejects.toMatchObject({
      code: 'ECONNABORTED',
      operation: 'connect',
      message: expect.stringContaining('closed meanwhile'),
    });
    await settled();
    await socket.close();
    await refused;
    expect(gate.attempts[0]?.signal.aborted).toBe(true);
    expect(calls).toEqual(['close']);
    gate.succeed();
    await settled();
    expect(socket.state).toBe('closed');
    operations.connect = async () => {};
    await socket.connect(...connectTo);
    expect(socket.state).toBe('connected');
  });

  it('is aborted by a close in the moment in which it succeeds', async () => {
    const gate = suspended();
    const { socket } = fakeSocket({ operations: { connect: gate.connect } });
    const refused = expect(socket.connect(...connectTo)).rejects.toMatchObject({ code: 'ECONNABORTED' });
    await settled();
    gate.succeed();
    await socket.close();
    await refused;
    expect(socket.state).toBe('closed');
  });

  it('is aborted by dispose', async () => {
    const gate = suspended();
    const disposed = vi.fn();
    const { socket } = fakeSocket({ operations: { connect: gate.connect }, disposed });
    const refused = expect(socket.connect(...connectTo)).rejects.toMatchObject({ code: 'ECONNABORTED' });
    await socket.dispose();
    await refused;
    expect(disposed).toHaveBeenCalledOnce();
  });

  it('is aborted by shutdown of the bound socket', async () => {
    const gate = suspended();
    const { socket, operations } = await fakeSocketIn('bound');
    operations.connect = gate.connect;
    const refused = expect(socket.connect(...connectTo)).rejects.toMatchObject({ code: 'ECONNABORTED' });
    await socket.shutdown();
    await refused;
    expect(socket.state).toBe('shutdown');
  });

  it('is aborted by its signal, with the reason, and leaves no listener behind', async () => {
    const gate = suspended();
    const { socket, calls } = fakeSocket({ operations: { connect: gate.connect } });
    const controller = new AbortController();
    const connecting = socket.connect(...connectTo, { signal: controller.signal });
    await settled();
    controller.abort('enough');
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError', code: 'ECONNABORTED', cause: 'enough' });
    expect(socket.state).toBe('closed');
    expect(calls).toEqual(['close']);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('ends with its timeout, although the backend goes on', async () => {
    const gate = suspended();
    const { socket, clock } = fakeSocket({ operations: { connect: gate.connect } });
    const connecting = socket.connect(...connectTo, { timeout: 1_500 });
    const refused = expect(connecting).rejects.toMatchObject({ code: 'ETIMEDOUT', operation: 'connect' });
    clock.advance(1_500);
    await refused;
    expect(gate.attempts[0]?.signal.reason).toMatchObject({ code: 'ETIMEDOUT' });
    expect(socket.state).toBe('closed');
    expect(clock.pending).toBe(0);
  });

  it('leaves neither timer nor listener when it succeeds', async () => {
    const { socket, clock } = fakeSocket();
    const { signal } = new AbortController();
    await socket.connect(...connectTo, { timeout: 1_500, signal });
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('does not begin with a signal that is aborted already', async () => {
    const { socket, calls } = fakeSocket();
    const connecting = socket.connect(...connectTo, { signal: AbortSignal.abort() });
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
    expect(calls).not.toContain('connect');
    expect(socket.state).toBe('closed');
  });
});
