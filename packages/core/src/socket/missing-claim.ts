/**
 * The claim of a backend that would have to be there for an operation of a socket.
 */

export function missingClaim(secure: boolean, ability: string): string {
  return secure ? (SECURE_CLAIMS[ability] ?? ability) : `transport.operations "${ability}"`;
}

/** What (D)TLS backends call abilities that transports list as operations. */
const SECURE_CLAIMS: Readonly<Record<string, string>> = {
  connect: '"client"',
  continueAssociation: '"client.continuation" and "server.continuation"',
  exportAssociation: '"client.continuation" and "server.continuation"',
  bind: '"server"',
  accept: '"server"',
  sendTo: '"sendTo", because a secure socket has one peer',
  decorate: '"client.decorate" and "server.decorate"',
};
