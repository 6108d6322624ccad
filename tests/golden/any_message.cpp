#include "any_message.hpp"

#include "jackdaw/protocol/all_messages.hpp"
#include "jackdaw/protocol/frames.hpp"
#include "jackdaw/protocol/json_printer.hpp"

namespace jackdaw::golden {
namespace {

using namespace jackdaw::protocol;

// What this file does with a type, as plain functions: one small instance of each for each of two hundred types.
struct operations {
  version_span versions;
  decoded (*decode)(std::int16_t version, bytes_view bytes);
  std::string (*check)(std::int16_t version, bytes_view bytes);
};

template <class Message>
decoded decode_as(std::int16_t version, bytes_view bytes) {
  decoded out;
  reader in(bytes);
  Message message;
  message.decode(in, version);
  in.expect_end();
  if (!in.ok()) {
    out.error = std::string(name_of(in.status())) + " at byte " + std::to_string(in.position());
    return out;
  }
  out.json = to_json(message, version);
  out.encoded_size = message.encoded_size(version);
  out.encoded = encode_message(message, version);
  out.unsupported_field = message.unsupported_field(version);
  return out;
}

template <class Message>
std::string check_as(std::int16_t version, bytes_view bytes) {
  Message message;
  reader in(bytes);
  message.decode(in, version);
  if (!in.ok()) return {};
  if (const char* field = message.unsupported_field(version))
    return std::string("decoded and yet unsupported: ") + field;
  const auto first = encode_message(message, version);
  Message again;
  reader in_again(first, reader::trusted_allowance_bytes(first.size()));
  again.decode(in_again, version);
  in_again.expect_end();
  if (!in_again.ok()) return std::string("what was encoded can't be decoded: ") + name_of(in_again.status());
  if (!same_bytes(first, encode_message(again, version))) return "encoded twice, the bytes differ";
  return to_json(message, version) == to_json(again, version) ? std::string{}
                                                              : "encoded and decoded, the fields differ";
}

struct lookup {
  template <class Message>
  std::optional<operations> operator()() const {
    return operations{{Message::version_min, Message::version_max}, decode_as<Message>, check_as<Message>};
  }
  std::optional<operations> unknown() const { return std::nullopt; }
};

std::optional<operations> operations_of(const message_type& type) {
  if (!type.data_name.empty()) return with_data_type(type.data_name, lookup{});
  return with_message_type(type.key, type.is_request, lookup{});
}

}  // namespace

std::optional<version_span> versions_of(const message_type& type) {
  const auto found = operations_of(type);
  return found ? std::optional(found->versions) : std::nullopt;
}

decoded decode_any(const message_type& type, std::int16_t version, bytes_view bytes) {
  return operations_of(type)->decode(version, bytes);
}

std::string check_hostile(const message_type& type, std::int16_t version, bytes_view bytes) {
  return operations_of(type)->check(version, bytes);
}

}  // namespace jackdaw::golden
