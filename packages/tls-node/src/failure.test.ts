import { alert } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { describeFailure, type FailureContext, plainAlert } from './failure.ts';

const context: FailureContext = { role: 'client', established: false, psk: false, sent: undefined };
const nodeError = (code: string, message: string, reason?: string): Error =>
  Object.assign(new Error(message), { code, ...(reason === undefined ? {} : { reason }) });
const received = (number: number): Error =>
  nodeError(
    'ERR_SSL_X',
    `80CC:error:0A000412:SSL routines:ssl3_read_bytes:x:rec_layer_s3.c:1601:SSL alert number ${number}\n`,
  );

describe('an error of node', () => {
  it.each([
    [20, 'bad_record_mac'],
    [40, 'handshake_failure'],
    [48, 'unknown_ca'],
    [70, 'protocol_version'],
    [112, 'unrecognized_name'],
    [116, 'certificate_required'],
    [120, 'no_application_protocol'],
    [200, 'unknown'],
  ])('with alert %i of the peer says so', (description, name) => {
    const { code, alert: seen, message } = describeFailure(received(description), context);
    expect(code).toBe('EPROTO');
    expect(seen).toEqual({ level: 'fatal', description, name, origin: 'peer' });
    expect(message).toMatch(`the peer ended the handshake with alert ${name} (${description})`);
  });

  it.each([
    ['ERR_SSL_WRONG_VERSION_NUMBER', 70, /speak TLS at all/],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 70, /protocol_version/],
    ['ERR_SSL_NO_SHARED_CIPHER', 40, /handshake_failure/],
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 20, /bad_record_mac/],
    ['ERR_SSL_UNEXPECTED_MESSAGE', 10, /unexpected_message/],
    ['ERR_SSL_BAD_SIGNATURE', 51, /decrypt_error/],
  ])('%s is our alert %i', (code, description, message) => {
    const told = describeFailure(nodeError(code, 'error:0A:SSL routines::x', 'the reason'), context);
    expect(told).toMatchObject({
      code: 'EPROTO',
      alert: { description, level: 'fatal', origin: 'local' },
      library: { code },
    });
    expect(told.message).toMatch(message);
    expect(told.message).toMatch(/the reason/);
  });

  it('that is not known keeps its own words, with the alert that was seen to leave', () => {
    const sent = alert('fatal', 80, 'local');
    const told = describeFailure(nodeError('ERR_SSL_NEW', 'words\nand a stack'), {
      ...context,
      sent,
      established: true,
    });
    expect(told).toEqual({
      code: 'EPROTO',
      message: 'the connection was ended with alert internal_error (80): words',
      alert: sent,
      library: { code: 'ERR_SSL_NEW', text: 'words' },
    });
    expect(describeFailure('thrown text', context)).toMatchObject({ code: 'EPROTO', alert: undefined });
  });

  it('that says only that somebody is gone is ECONNRESET', () => {
    expect(describeFailure(nodeError('ECONNRESET', 'socket hang up'), context)).toMatchObject({ code: 'ECONNRESET' });
  });

  it('of a name check tells the names', () => {
    const text =
      "Hostname/IP does not match certificate's altnames: Host: a.example. is not in the cert's altnames: DNS:b.example";
    const told = describeFailure(nodeError('ERR_TLS_CERT_ALTNAME_INVALID', text, undefined), context);
    expect(told.message).toMatch(/for another name: .*DNS:b\.example/);
    expect(told.alert).toMatchObject({ description: 42, origin: 'local' });
  });

  it('of a client is about the server, and the other way round', () => {
    const error = nodeError('CERT_HAS_EXPIRED', 'certificate has expired');
    expect(describeFailure(error, context).message).toMatch(/certificate of the server/);
    expect(describeFailure(error, { ...context, role: 'server' }).message).toMatch(/certificate of the client/);
  });
});

describe('an alert on its way', () => {
  it.each<[string, number[], object | undefined]>([
    ['a fatal one', [21, 3, 3, 0, 2, 2, 40], { level: 'fatal', description: 40, origin: 'local' }],
    ['a warning', [21, 3, 1, 0, 2, 1, 0], { level: 'warning', description: 0 }],
    ['a protected one', [21, 3, 3, 0, 26, 2, 40], undefined],
    ['one with something behind it', [21, 3, 3, 0, 2, 2, 40, 0], undefined],
    ['a handshake message', [22, 3, 3, 0, 2, 2, 40], undefined],
    ['nothing', [], undefined],
  ])('is seen in %s', (_what, bytes, expected) => {
    const seen = plainAlert(Uint8Array.from(bytes));
    if (expected === undefined) expect(seen).toBeUndefined();
    else expect(seen).toMatchObject(expected);
  });
});
