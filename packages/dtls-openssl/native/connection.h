// One association: an SSL, the datagram it is reading and the frames it reports into, until the handshake is over; from
// then on what is left of it (`Established`), if our record layer has the suite. Bytes in, bytes out; no socket and no
// JavaScript.
#ifndef DTLS_OPENSSL_CONNECTION_H_
#define DTLS_OPENSSL_CONNECTION_H_

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "bytes.h"
#include "context.h"
#include "established.h"
#include "failure.h"
#include "frames.h"
#include "handshake.h"
#include "live-objects.h"
#include "replay-window.h"
#include "slabs.h"

namespace dtls_openssl {

struct ConnectionOptions {
  // Largest datagram, bytes; handshake flights are cut to it.
  uint32_t mtu = 0;
  RetransmissionTimeouts timeouts;
  // Sent as SNI; empty: none.
  std::string server_name;
  // What the peer is to put on its records; absent: none is negotiated.
  Bytes connection_id;
  // Record numbers behind the newest that are still taken.
  uint32_t replay_window = ReplayWindow::kMinSpan;
};

class Connection : public InSlab {
 public:
  enum class Phase { kHandshake, kEstablished, kClosed };

  static constexpr uint32_t kMinMtu = 64;
  // OpenSSL collects a flight in a buffer of 4096 bytes; beyond that it would cut records in two.
  static constexpr uint32_t kMaxMtu = 4096;
  // RFC 791: what every IPv4 path carries, less IP and UDP headers.
  static constexpr uint32_t kFallbackMtu = 548;
  // RFC 6347 §4.1: 2^14.
  static constexpr size_t kMaxMessage = SSL3_RT_MAX_PLAIN_LENGTH;

  // Null: what is wrong is in the error queue.
  static std::unique_ptr<Connection> Open(Environment* environment, std::shared_ptr<Context> context,
                                          const ConnectionOptions& options);
  // Goes on from what `Established::Save` gave: established by `Start`, without SSL and handshake. Null: it is no such
  // state, or not one of this role.
  static std::unique_ptr<Connection> Continue(Environment* environment, std::shared_ptr<Context> context, Bytes state);
  static Connection* From(const SSL* ssl) { return static_cast<Connection*>(SSL_get_app_data(ssl)); }

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Client: the first flight. Server: adopts the ClientHello `opening`, or waits for one if it is absent.
  void Start(Bytes opening, FrameWriter* frames);
  void Receive(Bytes datagram, FrameWriter* frames);
  // Only when established, 1..kMaxMessage bytes.
  void Send(Bytes message, FrameWriter* frames);
  // Retransmits if OpenSSL's timer has expired, gives up if it was the last wait.
  void Timeout(FrameWriter* frames);
  // Server: the key of the identity that the peer is about to name; absent if nobody has one. False: no memory.
  bool AnswerPsk(Bytes key);
  // Server: the key of the identity whose session is to be resumed; absent if nobody has one. The handshake goes on.
  void AnswerSession(Bytes key, FrameWriter* frames);
  // Server: the context that serves the name that was asked for, absent if none does. The handshake goes on.
  void AnswerServerName(std::shared_ptr<Context> named, Bytes id_context, FrameWriter* frames);
  // Sends close_notify if established.
  void Shutdown(FrameWriter* frames);

  // RFC 5705, only when established. False: the label is reserved.
  bool ExportKeyingMaterial(const std::string& label, Bytes context, uint8_t* to, size_t size) const;
  // So far; certificates only when established.
  Facts facts() const;

  Phase phase() const { return phase_; }
  const Context& context() const { return *context_; }
  // Null once it is let go.
  SSL* ssl() const { return ssl_; }
  // Before anything was sent or received.
  bool IsUnstarted() const { return ssl_ != nullptr && SSL_in_before(ssl_); }
  // Only as long as there is an SSL.
  Handshake& handshake() { return *handshake_; }
  // Null where OpenSSL keeps the association, and before it is established.
  Established* established() { return established_.get(); }
  uint32_t mtu() const { return mtu_; }
  uint32_t fallback_mtu() const { return mtu_ < kFallbackMtu ? mtu_ : kFallbackMtu; }
  // Null outside a call.
  FrameWriter* frames() { return frames_; }

  // For the BIO.
  int TakeInput(uint8_t* to, int capacity);
  void PutOutput(Bytes datagram);
  void BioGone() { bio_count_.reset(); }

 private:
  Connection(Environment* environment, std::shared_ptr<Context> context, const ConnectionOptions& options);
  bool Configure(Environment* environment, const ConnectionOptions& options);
  bool Adopt();
  void ReceiveHandshake(Bytes datagram);
  void ReceiveProtected(Bytes record);
  void FeedProtected(Bytes datagram);
  void KeepEarly(EarlyRecords* place, Bytes record);
  bool ReadsProtected() const;
  void RetryEarlyRecords();
  void Feed(Bytes records);
  void Advance();
  void Establish();
  void LetGo();
  void DeliverEarly();
  void ReadEarly();
  void GiveSession();
  void ReadMessages();
  bool WaitsForInput() const;
  FailureKind KindOfError(int result) const;
  void Finish(int result);
  uint8_t Verdict() const;
  void Fail(FailureKind kind);
  void ReportTimer();

  LiveCount count_;
  std::optional<LiveCount> ssl_count_;
  std::optional<LiveCount> bio_count_;
  std::shared_ptr<Context> context_;
  SSL* ssl_ = nullptr;
  Phase phase_ = Phase::kHandshake;
  const uint16_t mtu_;
  std::unique_ptr<Handshake> handshake_;
  std::unique_ptr<Established> established_;
  Bytes input_;
  FrameWriter* frames_ = nullptr;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_CONNECTION_H_
