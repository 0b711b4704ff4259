// What an established association leaves to a successor beside its record layer: what was negotiated, and what keys are
// exported from. Plain bytes, and secret; whoever keeps them encrypts and authenticates them. Parsing believes nothing
// all the same.
#ifndef DTLS_OPENSSL_ASSOCIATION_STATE_H_
#define DTLS_OPENSSL_ASSOCIATION_STATE_H_

#include "facts.h"
#include "keying-material.h"
#include "record-state.h"
#include "secret.h"

namespace dtls_openssl {

// False: no memory.
bool WriteAssociationState(const KeyingMaterial& keying, const Facts& facts, const RecordState& records, Secret* to);

struct AssociationState {
  KeyingMaterial keying_material;
  Facts facts;
  // Borrows from the bytes.
  RecordState records;
};

// False: not such a state, or not one that this version knows.
bool ReadAssociationState(Bytes bytes, AssociationState* state);

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_ASSOCIATION_STATE_H_
