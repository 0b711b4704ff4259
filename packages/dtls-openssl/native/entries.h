// What JavaScript may call; src/native.ts holds the same list with its types.
#ifndef DTLS_OPENSSL_ENTRIES_H_
#define DTLS_OPENSSL_ENTRIES_H_

#include <node_api.h>

namespace dtls_openssl {

// context-entries.cc
napi_value Versions(napi_env env, napi_callback_info info);
napi_value Ciphersuites(napi_env env, napi_callback_info info);
napi_value ReportLiveObjects(napi_env env, napi_callback_info info);
napi_value CreateContext(napi_env env, napi_callback_info info);
napi_value UseClientPsk(napi_env env, napi_callback_info info);
napi_value UseServerPsk(napi_env env, napi_callback_info info);
napi_value DestroyContext(napi_env env, napi_callback_info info);

// certificate-entries.cc
napi_value UseCertificate(napi_env env, napi_callback_info info);
napi_value UseTrustEntry(napi_env env, napi_callback_info info);
napi_value EnableDaneEntry(napi_env env, napi_callback_info info);
napi_value AddTlsaRecordEntry(napi_env env, napi_callback_info info);
napi_value ExpectPeerEntry(napi_env env, napi_callback_info info);
napi_value PeerCertificates(napi_env env, napi_callback_info info);

// connection-entries.cc
napi_value CreateAssociation(napi_env env, napi_callback_info info);
napi_value Start(napi_env env, napi_callback_info info);
napi_value Receive(napi_env env, napi_callback_info info);
napi_value Send(napi_env env, napi_callback_info info);
napi_value Timeout(napi_env env, napi_callback_info info);
napi_value AnswerPsk(napi_env env, napi_callback_info info);
napi_value Shutdown(napi_env env, napi_callback_info info);
napi_value Info(napi_env env, napi_callback_info info);
napi_value LastMessages(napi_env env, napi_callback_info info);
napi_value NewestRecord(napi_env env, napi_callback_info info);
napi_value DestroyAssociation(napi_env env, napi_callback_info info);

// server-name-entries.cc
napi_value ServeNames(napi_env env, napi_callback_info info);
napi_value AnswerServerName(napi_env env, napi_callback_info info);

// session-entries.cc
napi_value TakeSessionsEntry(napi_env env, napi_callback_info info);
napi_value ServeSessions(napi_env env, napi_callback_info info);
napi_value UseTicketKeys(napi_env env, napi_callback_info info);
napi_value OfferSessionEntry(napi_env env, napi_callback_info info);
napi_value AnswerSession(napi_env env, napi_callback_info info);
napi_value UseProtocolsEntry(napi_env env, napi_callback_info info);
napi_value LogKeysEntry(napi_env env, napi_callback_info info);
napi_value ExportKeyingMaterial(napi_env env, napi_callback_info info);

// continuation-entries.cc
napi_value ContinueAssociation(napi_env env, napi_callback_info info);
napi_value SaveAssociation(napi_env env, napi_callback_info info);
napi_value StoredAssociation(napi_env env, napi_callback_info info);
napi_value NumbersLeft(napi_env env, napi_callback_info info);

// record-entries.cc
napi_value CreateRecordLayer(napi_env env, napi_callback_info info);
napi_value SealRecord(napi_env env, napi_callback_info info);
napi_value OpenRecord(napi_env env, napi_callback_info info);
napi_value SetRecordLimit(napi_env env, napi_callback_info info);
napi_value SaveRecordState(napi_env env, napi_callback_info info);
napi_value ContinueRecordLayer(napi_env env, napi_callback_info info);
napi_value DestroyRecordLayer(napi_env env, napi_callback_info info);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_ENTRIES_H_
