/**
 * Why a datagram, a record or a hello was refused. Refusals are counted and never answered with an error: an
 * unauthenticated datagram must not be able to end anything.
 */

/** The reasons that this package gives to `dropped`, each with what it stands for. */
export const REFUSALS = {
  emptyDatagram: 'a datagram of no bytes',
  truncatedHeader: 'fewer bytes than a record header has',
  truncatedRecord: 'the record says that it is longer than what is left of its datagram',
  recordTooLong: 'beyond 2^14 bytes in the clear or 2^14 + 2048 protected (RFC 6347 §4.1)',
  recordTooShort: 'shorter than what its protection adds, so that it cannot be authentic',
  unknownType: 'a content type that DTLS 1.2 does not have, or that this epoch cannot carry',
  unexpectedId: 'a record with a connection id where none was negotiated',
  missingId: 'a protected record without the connection id that was negotiated (RFC 9146 §3)',
  foreignId: 'a record with the connection id of somebody else',
  wrongVersion: 'a record version other than DTLS 1.0 and 1.2, or than the negotiated one',
  wrongEpoch: 'an epoch that is not current, or one in the clear behind a protected one',
  plaintext: 'application data in the clear, or anything in the clear once the handshake is done',
  earlyRecord: 'more protected records ahead of their turn than a handshake has use for',
  malformedFragment:
    'a handshake header that contradicts itself, its record or an earlier fragment, or is too short for its type',
  unexpectedMessage: 'a handshake message that this side can never receive in the clear',
  messageTooLong: 'a handshake message, or all of them together, longer than allowed',
  messageNumber: 'a handshake message number that no handshake reaches',
  tooManyFragments: 'more handshake fragments between two retransmissions than a handshake has',
  malformedChangeCipherSpec: 'a change_cipher_spec that is not the one byte 1, or one too many',
  malformedAlert: 'an alert in the clear that is not a level and a description',
  plaintextAlert: 'an alert in the clear: kept as a hint, not obeyed',
  discarded: 'a protected record that the keys did not fit, or that had come before',
  malformedRecord: 'a protected record that is cut off or too short, as its engine found',
  forged: 'a protected record that the keys do not fit',
  replayed: 'a protected record whose number came before, or is too old to tell',
  unexpectedRecord: 'an authentic record that means nothing here, or a warning too many',
  renegotiation: 'an authentic request for another handshake; the first is answered with no_renegotiation',
  afterEnd: 'arrived after the association had ended',
  noAssociation: 'from an address without association, and not a ClientHello',
  unknownId: 'a record with a connection id that no association has',
  earlyMove: 'a record with the connection id of a handshake, and from another address than that one',
  malformedHello: 'a ClientHello that does not parse',
  fragmentedHello: 'a ClientHello fragment that does not hold everything up to its cookie',
  replayedHello: 'the ClientHello that an established association began with',
  tooManyPeers: 'a verified ClientHello, or a handshake that it began, beyond maxPeers',
  tooManyPeersOfHost: 'a verified ClientHello beyond maxPeersPerHost',
  behindHello: 'records in the datagram of a ClientHello, behind it',
  notAdmitting: 'a ClientHello while the listener takes nobody new',
  openFailed: 'a verified ClientHello for which no association could be made',
  peerPaused: 'a datagram for a peer that takes none at the moment',
  repeatedFlight: 'a flight repeated while the key of its sender is looked up',
  tooManyWaiting: 'more datagrams than are kept while a key is looked up',
} as const;

export type Refusal = keyof typeof REFUSALS;
