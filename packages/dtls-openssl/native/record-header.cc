#include "record-header.h"

#include <cstring>

namespace dtls_openssl {

bool ParseRecordHeader(Bytes record, size_t id_length, RecordHeader* header) {
  if (record.size < RecordHeader::kSize) return false;
  const uint8_t* from = record.data;
  header->type = from[0];
  header->version = GetShort(from + 1);
  header->number = GetNumber(from + 3);
  const size_t id_size = header->type == RecordHeader::kConnectionIdType ? id_length : 0;
  header->id = {from + 11, id_size, id_size > 0};
  if (record.size < header->size()) return false;
  header->body = GetShort(from + 11 + id_size);
  return record.size - header->size() >= header->body;
}

void PutRecordHeader(uint8_t* to, const RecordHeader& header) {
  to[0] = header.type;
  PutShort(to + 1, header.version);
  PutNumber(to + 3, header.number);
  if (header.id.size > 0) std::memcpy(to + 11, header.id.data, header.id.size);
  PutShort(to + 11 + header.id.size, header.body);
}

AdditionalData::AdditionalData(const RecordHeader& header, size_t text) {
  if (header.id.size == 0) {
    PutNumber(data, header.number);
    data[8] = header.type;
    PutShort(data + 9, header.version);
    PutShort(data + 11, text);
    size = 13;
    return;
  }
  // A number that no plain record can have, so that neither kind passes for the other.
  std::memset(data, 0xff, 8);
  data[8] = header.type;
  data[9] = static_cast<uint8_t>(header.id.size);
  data[10] = header.type;
  PutShort(data + 11, header.version);
  PutNumber(data + 13, header.number);
  std::memcpy(data + 21, header.id.data, header.id.size);
  PutShort(data + 21 + header.id.size, text);
  size = 23 + header.id.size;
}

}  // namespace dtls_openssl
