// What the callbacks of a call may use, lent for its length.
#ifndef DTLS_OPENSSL_LENDING_H_
#define DTLS_OPENSSL_LENDING_H_

#include "bytes.h"
#include "frames.h"

namespace dtls_openssl {

// Lends the frames and the input to the callbacks for the length of a call.
class Lending {
 public:
  Lending(FrameWriter** frames_slot, FrameWriter* frames, Bytes* input_slot, Bytes input)
      : frames_slot_(frames_slot), input_slot_(input_slot) {
    *frames_slot_ = frames;
    *input_slot_ = input;
  }
  ~Lending() {
    *frames_slot_ = nullptr;
    *input_slot_ = {};
  }

 private:
  FrameWriter** frames_slot_;
  Bytes* input_slot_;
};

}  // namespace dtls_openssl

#endif  // DTLS_OPENSSL_LENDING_H_
