/**
 * `avs-net` on the command line. Exit status: 0 done, 1 network or TLS failure, 2 usage.
 */

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { type ConformOptions, conform, NotConformant } from './conform.ts';
import { type ConnectOptions, connect } from './connect.ts';
import { doctor } from './doctor.ts';
import { parseEndpointUri } from './endpoint-uri.ts';
import { errorEvent, reporter } from './events.ts';
import { type ServeOptions, serve } from './serve.ts';
import { UsageError } from './usage-error.ts';

/** What the command line needs of a process, so that a test can hand in another. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  cwd(): string;
  once(signal: NodeJS.Signals, listener: () => void): unknown;
}

export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const json = argv.includes('--json');
  try {
    await program(terminal).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UsageError) {
      terminal.stderr.write(`avs-net: ${error.message}\n`);
      return 2;
    }
    if (error instanceof NotConformant) return 1;
    reporter(json ? terminal.stdout : terminal.stderr, json)(errorEvent(error));
    return 1;
  }
}

function program(terminal: Terminal): Command {
  const program = new Command('avs-net')
    .description('One secure-socket API for Node, any TLS engine underneath')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });

  program
    .command('doctor')
    .description('every backend found from here: version, available or why not, claims')
    .argument('[module...]', 'plugin modules beside those that are found by themselves')
    .option('--json', 'one JSON object per line')
    .action((modules: string[], options: { json?: boolean }) =>
      doctor({ cwd: terminal.cwd(), stdout: terminal.stdout, json: options.json === true }, modules),
    );

  program
    .command('conform')
    .description('run the conformance kit on a backend')
    .argument('<module>', 'a package, or a file as ./dist/index.js, seen from this folder')
    .option('--plugin <name>', 'which plugin, if the module exports several')
    .option('--peer <name>', 'who plays the other role: a backend by name, or a module')
    .option('--case <id>', 'only this case, or this group as psk/; repeatable', collect, [])
    .option('--waive <id=reason>', 'a known defect; repeatable', collect, [])
    .option('--plan', 'say what would be run and what must be refused, and do nothing')
    .option('--json', 'one JSON object per line')
    .action((module: string, options: ConformOptions & { json?: boolean }) =>
      conform(module, options, { cwd: terminal.cwd(), stdout: terminal.stdout, json: options.json === true }),
    );

  secure(program.command('connect'))
    .description('lines of standard input go out, messages come back')
    .argument('<uri>', 'dtls://host:port, tls://, udp:// or tcp://')
    .option('--session <file>', 'keep the session there, and resume it the next time; secret')
    .option('--association <folder>', 'keep the association there at the end, and go on from it without a handshake')
    .option('--association-key <file>', 'at least 32 random bytes that encrypt it')
    .option('--send <text>', 'send this instead of standard input; repeatable', collect, [])
    .option('--receive <n>', 'end after this many messages', count)
    .option('--timeout <ms>', 'for the connection, and for each message that is awaited', count)
    .action((uri: string, options: ConnectOptions & { json?: boolean }) =>
      connect(parseEndpointUri(uri), options, {
        stdin: terminal.stdin,
        cwd: terminal.cwd(),
        report: reporter(terminal.stdout, options.json === true),
      }),
    );

  secure(program.command('serve'))
    .description('accept peers and show what they send')
    .argument('<uri>', 'dtls://host:port, tls://, udp:// or tcp://; port 0 takes a free one')
    .option('--echo', 'send every message back')
    .option('--lwm2m', 'answer LwM2M registrations, and show the directory when it changes')
    .option('--psk <id=hex>', 'an identity and its key; repeatable', collect, [])
    .option('--psk-hint <text>', 'PSK identity hint')
    .option('--name <name=cert,key>', 'certificate for clients that ask for this name; repeatable', collect, [])
    .option('--receive <n>', 'end after this many messages', count)
    .option('--max-half-open <n>', 'handshakes at a time; default 1000', amount)
    .option('--max-half-open-bytes <n>', 'that all handshakes may make it keep, dtls; default 134217728', amount)
    .option('--max-peers <n>', 'peers at a time; default 10000', amount)
    .option('--max-peers-per-host <n>', 'peers and handshakes of one address; default 1000', amount)
    .option('--handshake-timeout <ms>', 'for a whole handshake; default 30000', amount)
    .option('--idle-timeout <ms>', 'close a peer after this silence; default never', amount)
    .option('--reply-from-asked-address', 'on all addresses: answer from the one that was asked')
    .option('--reuse-port', 'share the port with other processes that say so too')
    .option('--stats', 'at the end, show what was counted')
    .action((uri: string, options: ServeOptions & { json?: boolean }) => {
      const interrupted = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) terminal.once(signal, () => interrupted.abort());
      return serve(parseEndpointUri(uri), options, {
        cwd: terminal.cwd(),
        report: reporter(terminal.stdout, options.json === true),
        interrupted: interrupted.signal,
      });
    });

  return program;
}

/** Options of both ends. */
function secure(command: Command): Command {
  return command
    .option('--backend <name>', 'the backend to use, see doctor')
    .option('--psk-identity <text>', 'PSK identity')
    .option('--psk-key <hex>', 'PSK key')
    .option('--ca <source>', 'trusted certificates; repeatable, see "Credentials"', collect, [])
    .option('--cert <source>', 'own certificate chain, leaf first; repeatable', collect, [])
    .option('--key <source>', 'key of the own certificate')
    .option('--key-password-file <file>', 'its first line decrypts the key')
    .option('--crl <source>', 'revocation lists, enforced; repeatable', collect, [])
    .option('--no-verify', 'talk to whoever answers: for experiments only')
    .option('--sni <name>', 'server name instead of the host')
    .option('--min-version <version>', 'DTLSv1.0, DTLSv1.2, TLSv1.2, TLSv1.3')
    .option('--max-version <version>', 'the same')
    .option('--sha1-signatures', 'let DTLS 1.0 have certificates: for peers that cannot be updated only')
    .option('--ciphersuites <list>', 'IANA numbers or names, best first, separated by commas')
    .option('--handshake-timeouts <min,max>', 'retransmission timer in milliseconds')
    .option('--alpn <list>', 'application protocols, best first, separated by commas')
    .option('--cid', 'ask for a connection id')
    .option('--keylog <file>', 'append the secrets of the connection, for debugging only')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', CREDENTIALS);
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('a whole number is needed.');
  return Number(value);
}

function amount(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError('a whole number above 0 is needed.');
  return Number(value);
}

const CREDENTIALS = `
Credentials:
  A source is file:NAME, path:DIRECTORY, hex:BYTES, base64:BYTES, engine:QUERY or empty:
  Without a prefix it is a file, or a directory where one of that name exists.`;
