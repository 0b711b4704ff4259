// How records find their way during a handshake: those in the clear to OpenSSL, protected ones through the translator.
#include "connection.h"

#include <cstring>

#include "lending.h"
#include "record-header.h"

namespace dtls_openssl {
namespace {

// Under a CBC suite: header, IV, MAC and padding, or with encrypt-then-MAC (RFC 7366) a block and the MAC behind it.
// What came before the suite was known may be shorter, over which OpenSSL ends a handshake (CVE-2026-75806).
size_t ShortestRecord(const SSL* ssl) {
  constexpr size_t kBlock = 16;
  const SSL_CIPHER* cipher = SSL_SESSION_get0_cipher(SSL_get_session(ssl));
  const EVP_MD* digest = cipher == nullptr ? nullptr : EVP_get_digestbynid(SSL_CIPHER_get_digest_nid(cipher));
  const size_t mac = digest == nullptr ? 0 : static_cast<size_t>(EVP_MD_size(digest));
  return RecordHeader::kSize + kBlock + std::min((mac / kBlock + 1) * kBlock, kBlock + mac);
}

}  // namespace

// Records in the clear are OpenSSL's; a protected one needs keys, which may come of what is in front of it.
void Connection::ReceiveHandshake(Bytes datagram) {
  size_t run = 0, at = 0;
  while (at < datagram.size && phase_ == Phase::kHandshake) {
    RecordHeader header;
    const Bytes rest{datagram.data + at, datagram.size - at, true};
    if (!ParseRecordHeader(rest, handshake_->ids().own().size, &header)) break;
    const size_t size = header.size() + header.body;
    at += size;
    if (header.epoch() == 0 && header.type != RecordHeader::kConnectionIdType) continue;
    const size_t clear = at - size - run;
    if (clear > 0) Feed({datagram.data + run, clear, true});
    if (phase_ == Phase::kHandshake) {
      ReceiveProtected({rest.data, size, true});
    } else {
      at -= size;
    }
    run = at;
  }
  if (phase_ == Phase::kHandshake && run < at) {
    Feed({datagram.data + run, at - run, true});
    run = at;
  }
  const Bytes rest{datagram.data + run, datagram.size - run, true};
  if (phase_ != Phase::kEstablished || rest.size == 0) return;
  if (established_ == nullptr) return FeedProtected(rest);
  established_->Receive(rest, frames_);
  if (established_->over()) phase_ = Phase::kClosed;
}

void Connection::KeepEarly(EarlyRecords* place, Bytes record) {
  if (!place->Keep(record)) WriteDropped(frames_, DropReason::kEarly);
}

// Whether OpenSSL has had the change_cipher_spec of the peer. Before that it would queue what is protected, unread, with
// 17 KiB for each record; from then on it drops at once what is forged.
// Asked by its name: the numbers of the states are not the same in every OpenSSL 3.
bool Connection::ReadsProtected() const { return std::strcmp(SSL_state_string(ssl_), "TRCCS") == 0; }

void Connection::ReceiveProtected(Bytes record) {
  Translator& translator = handshake_->translator();
  switch (translator.Prepare(ssl_, handshake_->ids())) {
    case Translator::State::kNoKeys:
      return KeepEarly(&handshake_->early_records(), record);
    case Translator::State::kIdle:
      // It would queue data until the Finished.
      if (record.data[0] == SSL3_RT_APPLICATION_DATA) return KeepEarly(&handshake_->early_messages(), record);
      if (record.size < ShortestRecord(ssl_)) return WriteDropped(frames_, DropReason::kEarly);
      return ReadsProtected() ? FeedProtected(record) : KeepEarly(&handshake_->early_records(), record);
    case Translator::State::kBroken:
      return;
    case Translator::State::kReady:
      break;
  }
  if (record.size > FrameWriter::kScratch) return WriteDropped(frames_, DropReason::kEarly);
  uint8_t* content = frames_->scratch();
  const OpenedRecord opened = translator.Open(record, content);
  if (opened.verdict != RecordVerdict::kOpened) return WriteDropped(frames_, DropReasonOf(opened.verdict));
  const Bytes authentic{content, opened.size, true};
  if (opened.type == SSL3_RT_APPLICATION_DATA) return KeepEarly(&handshake_->early_messages(), authentic);
  // A Finished or an alert; nothing larger is protected before a handshake is over.
  uint8_t sealed[512];
  const size_t size = translator.SealForOpenssl(opened.type, authentic, sealed, sizeof sealed);
  if (size == 0) return WriteDropped(frames_, DropReason::kUnexpected);
  const Bytes finished{sealed, size, true};
  if (ReadsProtected()) return Feed(finished);
  KeepEarly(&handshake_->early_finished(), finished);
}

// As often as something new may have brought keys, or had OpenSSL read what they protect.
void Connection::RetryEarlyRecords() {
  // Some may have to be kept again.
  for (size_t left = handshake_->early_records().count(); left > 0 && phase_ == Phase::kHandshake; left--) {
    if (handshake_->translator().Prepare(ssl_, handshake_->ids()) == Translator::State::kNoKeys) return;
    if (handshake_->early_records().empty()) break;
    const std::string record = handshake_->early_records().Take();
    ReceiveProtected(BytesOf(record));
  }
  while (phase_ == Phase::kHandshake && ReadsProtected() && !handshake_->early_finished().empty()) {
    const std::string finished = handshake_->early_finished().Take();
    Feed(BytesOf(finished));
  }
}

// Records of a suite that is OpenSSL's own. Under encrypt-then-MAC it ends the association over a forged one, so that
// only authentic ones may reach it.
void Connection::FeedProtected(Bytes datagram) {
  if (!handshake_->encrypt_then_mac()) return Feed(datagram);
  EncryptThenMac* mac = handshake_->encrypt_then_mac_of(ssl_);
  size_t at = 0;
  while (at < datagram.size && phase_ != Phase::kClosed) {
    RecordHeader header;
    const Bytes rest{datagram.data + at, datagram.size - at, true};
    if (!ParseRecordHeader(rest, 0, &header)) return WriteDropped(frames_, DropReason::kMalformed);
    const Bytes record{rest.data, header.size() + header.body, true};
    at += record.size;
    if (mac != nullptr && mac->IsAuthentic(record)) {
      Feed(record);
    } else {
      WriteDropped(frames_, DropReason::kForged);
    }
  }
}

}  // namespace dtls_openssl
