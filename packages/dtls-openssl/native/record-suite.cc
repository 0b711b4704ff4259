#include "record-suite.h"

namespace dtls_openssl {
namespace {

constexpr const char* kSha256 = "SHA256";
constexpr const char* kSha384 = "SHA384";

constexpr RecordSuite Ccm8(uint16_t id, RecordCipher cipher, uint8_t key) {
  return {id, cipher, key, 4, 8, 8, kSha256};
}
constexpr RecordSuite Ccm(uint16_t id, RecordCipher cipher, uint8_t key) {
  return {id, cipher, key, 4, 8, 16, kSha256};
}
constexpr RecordSuite Gcm128(uint16_t id) { return {id, RecordCipher::kAes128Gcm, 16, 4, 8, 16, kSha256}; }
constexpr RecordSuite Gcm256(uint16_t id) { return {id, RecordCipher::kAes256Gcm, 32, 4, 8, 16, kSha384}; }
constexpr RecordSuite ChaCha20(uint16_t id) {
  return {id, RecordCipher::kChaCha20Poly1305, 32, 12, 0, 16, kSha256};
}

constexpr RecordSuite kSuites[] = {
    // RSA, DHE_RSA, PSK, DHE_PSK, ECDHE_ECDSA (RFC 6655, RFC 7251).
    Ccm(0xc09c, RecordCipher::kAes128Ccm, 16),
    Ccm(0xc09d, RecordCipher::kAes256Ccm, 32),
    Ccm(0xc09e, RecordCipher::kAes128Ccm, 16),
    Ccm(0xc09f, RecordCipher::kAes256Ccm, 32),
    Ccm8(0xc0a0, RecordCipher::kAes128Ccm, 16),
    Ccm8(0xc0a1, RecordCipher::kAes256Ccm, 32),
    Ccm8(0xc0a2, RecordCipher::kAes128Ccm, 16),
    Ccm8(0xc0a3, RecordCipher::kAes256Ccm, 32),
    Ccm(0xc0a4, RecordCipher::kAes128Ccm, 16),
    Ccm(0xc0a5, RecordCipher::kAes256Ccm, 32),
    Ccm(0xc0a6, RecordCipher::kAes128Ccm, 16),
    Ccm(0xc0a7, RecordCipher::kAes256Ccm, 32),
    Ccm8(0xc0a8, RecordCipher::kAes128Ccm, 16),
    Ccm8(0xc0a9, RecordCipher::kAes256Ccm, 32),
    Ccm8(0xc0aa, RecordCipher::kAes128Ccm, 16),
    Ccm8(0xc0ab, RecordCipher::kAes256Ccm, 32),
    Ccm(0xc0ac, RecordCipher::kAes128Ccm, 16),
    Ccm(0xc0ad, RecordCipher::kAes256Ccm, 32),
    Ccm8(0xc0ae, RecordCipher::kAes128Ccm, 16),
    Ccm8(0xc0af, RecordCipher::kAes256Ccm, 32),
    // RSA, DHE_RSA, DH_anon, PSK, DHE_PSK, RSA_PSK, ECDHE_ECDSA, ECDHE_RSA, ECDHE_PSK (RFC 5288, 5487, 5289, 8442).
    Gcm128(0x009c), Gcm256(0x009d), Gcm128(0x009e), Gcm256(0x009f), Gcm128(0x00a6), Gcm256(0x00a7),
    Gcm128(0x00a8), Gcm256(0x00a9), Gcm128(0x00aa), Gcm256(0x00ab), Gcm128(0x00ac), Gcm256(0x00ad),
    Gcm128(0xc02b), Gcm256(0xc02c), Gcm128(0xc02f), Gcm256(0xc030), Gcm128(0xd001), Gcm256(0xd002),
    // ECDHE_RSA, ECDHE_ECDSA, DHE_RSA, PSK, ECDHE_PSK, DHE_PSK, RSA_PSK (RFC 7905).
    ChaCha20(0xcca8), ChaCha20(0xcca9), ChaCha20(0xccaa), ChaCha20(0xccab), ChaCha20(0xccac), ChaCha20(0xccad),
    ChaCha20(0xccae),
};

}  // namespace

const RecordSuite* FindRecordSuite(uint16_t id) {
  for (const RecordSuite& suite : kSuites) {
    if (suite.id == id) return &suite;
  }
  return nullptr;
}

const char* RecordCipherName(RecordCipher cipher) {
  switch (cipher) {
    case RecordCipher::kAes128Ccm:
      return "AES-128-CCM";
    case RecordCipher::kAes256Ccm:
      return "AES-256-CCM";
    case RecordCipher::kAes128Gcm:
      return "AES-128-GCM";
    case RecordCipher::kAes256Gcm:
      return "AES-256-GCM";
    case RecordCipher::kChaCha20Poly1305:
      return "ChaCha20-Poly1305";
  }
  return nullptr;
}

}  // namespace dtls_openssl
