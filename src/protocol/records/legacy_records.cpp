#include "jackdaw/protocol/legacy_records.hpp"

#include <zlib.h>

#include <string>

#include "codecs.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/protocol/wire.hpp"

namespace jackdaw::protocol {

namespace {

constexpr std::size_t crc_covers_from = batch_field::magic;  // to the end

std::uint32_t crc32(bytes_view bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

error damaged(const legacy_message& message, const char* what) {
  return fail(errc::corrupt, "message at offset " + std::to_string(message.offset.value()) + ": " + what);
}

std::optional<bytes_view> nullable(reader& in) {
  const auto size = in.fixed<std::int32_t>();
  if (size == -1) return std::nullopt;
  if (size < 0) {
    in.fail(wire_error::bad_length);
    return std::nullopt;
  }
  return in.take(static_cast<std::size_t>(size));
}

result<void> read_inner(const legacy_message& outer, bytes_view inner, std::vector<legacy_record>& out) {
  batch_iterator messages(inner);
  while (true) {
    auto next = messages.next();
    if (!next) return next.error();
    if (!*next) break;
    auto message = parse_legacy_message((*next)->bytes());
    if (!message) return message.error();
    if (message->magic != outer.magic || message->codec_id() != 0) {
      return damaged(outer, "a message inside is of another format or compressed itself");
    }
    out.push_back({message->offset, outer.is_log_append_time() ? outer.timestamp : message->timestamp, message->key,
                   message->value});
  }
  if (messages.remaining() != 0) return damaged(outer, "the last message inside is cut off");
  if (out.empty()) return damaged(outer, "it is compressed and holds no message");
  if (outer.magic == 0) return {};
  // Offsets inside count from the first; the outer one is the last's.
  const std::int64_t base = batch_view::wrapping_subtract(outer.offset.value(), out.back().offset.value());
  for (legacy_record& record : out)
    record.offset = jackdaw::offset{batch_view::wrapping_add(record.offset.value(), base)};
  return {};
}

}  // namespace

result<legacy_message> parse_legacy_message(bytes_view message) {
  reader in(message);
  legacy_message out;
  out.offset = jackdaw::offset{in.fixed<std::int64_t>()};
  out.message_size = in.fixed<std::int32_t>();
  out.crc = in.fixed<std::uint32_t>();
  out.magic = in.fixed<std::int8_t>();
  if (in.ok() && (out.magic < 0 || out.magic > 1)) return damaged(out, "it is of another format");
  out.attributes = in.fixed<std::int8_t>();
  if (out.magic == 1) out.timestamp = {in.fixed<std::int64_t>()};
  out.key = nullable(in);
  out.value = nullable(in);
  in.expect_end();
  if (!in.ok()) return damaged(out, name_of(in.status()));
  if (static_cast<std::int64_t>(message.size()) !=
      std::int64_t{out.message_size} + static_cast<std::int64_t>(batch_prefix_bytes)) {
    return damaged(out, "its size field is wrong");
  }
  if (crc32(message.subspan(crc_covers_from)) != out.crc) return damaged(out, "it has a wrong checksum");
  return out;
}

result<legacy_records> read_legacy_records(bytes_view message, std::size_t memory_limit_bytes) {
  auto outer = parse_legacy_message(message);
  if (!outer) return outer.error();
  legacy_records out;
  out.outer = *outer;
  const std::uint8_t id = outer->codec_id();
  if (id == 0) {
    out.records.push_back({outer->offset, outer->timestamp, outer->key, outer->value});
    return out;
  }
  if (id >= static_cast<std::uint8_t>(codec::zstd)) return damaged(*outer, "its codec is not allowed before magic 2");
  if (!outer->value) return damaged(*outer, "it is compressed and has no value");
  decompressor unpack(memory_limit_bytes);
  const auto packed_by = static_cast<codec>(id);
  auto opened =
      outer->magic == 0 ? unpack.open_magic_0(packed_by, *outer->value) : unpack.open(packed_by, *outer->value);
  if (!opened) return opened.error();
  if (auto done = read_all(unpack, memory_limit_bytes, out.storage); !done) return done.error();
  if (auto done = read_inner(*outer, out.storage, out.records); !done) return done.error();
  return out;
}

void append_legacy_message(const legacy_message& message, std::vector<std::byte>& out) {
  JD_ASSERT(message.magic == 0 || message.magic == 1, int{message.magic});
  const std::size_t key = message.key ? message.key->size() : 0;
  const std::size_t value = message.value ? message.value->size() : 0;
  const std::size_t size = legacy_message_bytes_min + (message.magic == 1 ? 8 : 0) + key + value;
  const std::size_t start = out.size();
  out.resize(start + size);
  const mutable_bytes at = mutable_bytes(out).subspan(start);
  writer to(at);
  to.fixed(message.offset.value());
  to.fixed(static_cast<std::int32_t>(size - batch_prefix_bytes));
  to.fixed<std::uint32_t>(0);
  to.fixed(message.magic);
  to.fixed(message.attributes);
  if (message.magic == 1) to.fixed(message.timestamp.value);
  const auto put = [&](const std::optional<bytes_view>& bytes) {
    to.fixed(bytes ? static_cast<std::int32_t>(bytes->size()) : std::int32_t{-1});
    if (bytes) to.raw(*bytes);
  };
  put(message.key);
  put(message.value);
  JD_ASSERT(to.written() == size, to.written(), size);
  store_be(at.data() + batch_prefix_bytes, crc32(at.subspan(crc_covers_from)));
}

}  // namespace jackdaw::protocol
