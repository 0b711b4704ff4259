// The entries of the addon. Every entry takes plain values, checks all of them and never calls back into JavaScript.
#include <node_api.h>

#include "entries.h"
#include "environment.h"

namespace dtls_openssl {
namespace {

struct Entry {
  const char* name;
  napi_callback call;
};

constexpr Entry kEntries[] = {
    {"versions", Versions},
    {"ciphersuites", Ciphersuites},
    {"liveObjects", ReportLiveObjects},
    {"createContext", CreateContext},
    {"useClientPsk", UseClientPsk},
    {"useServerPsk", UseServerPsk},
    {"useCertificate", UseCertificate},
    {"useTrust", UseTrustEntry},
    {"destroyContext", DestroyContext},
    {"createAssociation", CreateAssociation},
    {"enableDane", EnableDaneEntry},
    {"addTlsaRecord", AddTlsaRecordEntry},
    {"expectPeer", ExpectPeerEntry},
    {"start", Start},
    {"receive", Receive},
    {"send", Send},
    {"timeout", Timeout},
    {"answerPsk", AnswerPsk},
    {"shutdown", Shutdown},
    {"info", Info},
    {"lastMessages", LastMessages},
    {"newestRecord", NewestRecord},
    {"continueAssociation", ContinueAssociation},
    {"saveAssociation", SaveAssociation},
    {"storedAssociation", StoredAssociation},
    {"numbersLeft", NumbersLeft},
    {"peerCertificates", PeerCertificates},
    {"destroyAssociation", DestroyAssociation},
    {"serveNames", ServeNames},
    {"answerServerName", AnswerServerName},
    {"takeSessions", TakeSessionsEntry},
    {"serveSessions", ServeSessions},
    {"useTicketKeys", UseTicketKeys},
    {"offerSession", OfferSessionEntry},
    {"answerSession", AnswerSession},
    {"useProtocols", UseProtocolsEntry},
    {"logKeys", LogKeysEntry},
    {"exportKeyingMaterial", ExportKeyingMaterial},
    {"createRecordLayer", CreateRecordLayer},
    {"sealRecord", SealRecord},
    {"openRecord", OpenRecord},
    {"setRecordLimit", SetRecordLimit},
    {"recordState", SaveRecordState},
    {"continueRecordLayer", ContinueRecordLayer},
    {"destroyRecordLayer", DestroyRecordLayer},
};

}  // namespace

napi_value Initialise(napi_env env, napi_value exports) {
  if (Environment::Create(env) == nullptr) return nullptr;
  for (const Entry& entry : kEntries) {
    napi_value function;
    if (napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.call, nullptr, &function) != napi_ok ||
        napi_set_named_property(env, exports, entry.name, function) != napi_ok) {
      return nullptr;
    }
  }
  return exports;
}

}  // namespace dtls_openssl

NAPI_MODULE_INIT() { return dtls_openssl::Initialise(env, exports); }
