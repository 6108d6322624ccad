// Record sets as a produce request or a segment file brings them. Checksums are made right first, else no change that
// the fuzzer makes would get past them.
#include <zlib.h>

#include <vector>

#include "fuzz_input.hpp"
#include "jackdaw/base/crc32c.hpp"
#include "jackdaw/protocol/legacy_records.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace {

using namespace jackdaw;
using namespace jackdaw::protocol;

constexpr std::size_t memory_limit_bytes = 4 * 1024 * 1024;

void repair_checksum(mutable_bytes batch, std::int8_t magic) {
  if (magic == batch_magic) {
    const auto covered = batch.subspan(batch_field::attributes);
    store_be(batch.data() + batch_field::crc, crc32c(covered));
    return;
  }
  // An old message has its checksum where a batch has the leader epoch.
  const auto covered = batch.subspan(batch_field::magic);
  const auto sum = ::crc32_z(0, reinterpret_cast<const Bytef*>(covered.data()), covered.size());
  store_be(batch.data() + batch_field::leader_epoch, static_cast<std::uint32_t>(sum));
}

// Reads every record to the end or the first error; how many there were, or nothing after an error.
std::optional<std::size_t> count_records(const batch_view& batch, record_reader& reader) {
  if (!reader.open(batch)) return std::nullopt;
  std::size_t count = 0;
  record_view record;
  while (true) {
    const auto more = reader.next(record);
    if (!more) return std::nullopt;
    if (!*more) return count;
    ++count;
    for (const record_header& header : record.headers)
      fuzz::expect(header.key.size() <= record.size_bytes, "a header's key");
    fuzz::expect(!record.value || record.value->size() <= record.size_bytes, "a value larger than its record");
  }
}

void check_batch(const batch_view& batch) {
  if (!validate(batch)) return;
  record_reader reader(memory_limit_bytes);
  const auto count = count_records(batch, reader);
  const auto summary = inspect_client_batch(batch, {.keys_required = true}, reader);
  fuzz::expect(!summary || count.has_value(), "a batch passes that can't be read");
  summarize(batch, reader);
  if (!count) return;
  fuzz::expect(static_cast<std::int64_t>(*count) == batch.record_count(), "not as many records as the header says");
  decompressor unpack(memory_limit_bytes);
  compressor pack;
  for (const codec to : {codec::none, codec::lz4}) {
    std::vector<std::byte> out;
    const auto packed = recompress(batch, {to}, memory_limit_bytes, unpack, pack, out);
    if (!packed) continue;
    fuzz::expect(validate(*packed).has_value(), "what was packed is not valid");
    fuzz::expect(count_records(*packed, reader) == count, "packing changed the records");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view input = fuzz::input_of(data, size);
  std::vector<std::byte> bytes(input.begin(), input.end());
  batch_iterator batches(bytes);
  while (true) {
    const std::size_t start = batches.position();
    const auto next = batches.next();
    if (!next || !*next) break;
    const batch_view& batch = **next;
    repair_checksum(mutable_bytes(bytes).subspan(start, batch.size_bytes()), batch.magic());
    if (batch.magic() == batch_magic) {
      check_batch(batch);
    } else {
      static_cast<void>(read_legacy_records(batch.bytes(), memory_limit_bytes));
    }
  }
  fuzz::expect(batches.position() + batches.remaining() == bytes.size(), "bytes went missing");
  return fuzz::kept;
}
