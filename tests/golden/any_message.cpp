#include "any_message.hpp"

#include "jackdaw/protocol/all_messages.hpp"
#include "jackdaw/protocol/json_printer.hpp"

namespace jackdaw::golden {

using namespace jackdaw::protocol;

// Plain functions, as little as can be for each of two hundred types: they decide how long this file takes to compile.
struct message_operations {
  version_span versions;
  void* (*make)();
  void (*destroy)(void* message);
  void (*decode)(void* message, reader& in, std::int16_t version);
  void (*print)(const void* message, json_printer& out, std::int16_t version);
  message_ref (*ref)(const void* message);
};

namespace {

struct lookup {
  template <class Message>
  const message_operations* operator()() const {
    static constexpr message_operations operations{
        {Message::version_min, Message::version_max},
        []() -> void* { return new Message; },
        [](void* m) { delete static_cast<Message*>(m); },
        [](void* m, reader& in, std::int16_t v) { static_cast<Message*>(m)->decode(in, v); },
        [](const void* m, json_printer& out, std::int16_t v) { static_cast<const Message*>(m)->print(out, v); },
        [](const void* m) { return message_ref::of(*static_cast<const Message*>(m)); }};
    return &operations;
  }
  const message_operations* unknown() const { return nullptr; }
};

}  // namespace

any_message::any_message(const message_operations& operations, storage message)
    : operations_(&operations), message_(std::move(message)) {}

std::optional<any_message> any_message::make(const message_type& type) {
  const message_operations* found = type.data_name.empty() ? with_message_type(type.key, type.is_request, lookup{})
                                                           : with_data_type(type.data_name, lookup{});
  if (!found) return std::nullopt;
  return any_message(*found, storage(found->make(), found->destroy));
}

version_span any_message::versions() const noexcept { return operations_->versions; }

void any_message::decode(reader& in, std::int16_t version) { operations_->decode(message_.get(), in, version); }

message_ref any_message::ref() const noexcept { return operations_->ref(message_.get()); }

std::size_t any_message::encoded_size(std::int16_t version) const {
  return ref().encoded_size(message_.get(), version);
}

std::vector<std::byte> any_message::encode(std::int16_t version) const {
  std::vector<std::byte> bytes(encoded_size(version));
  writer out(bytes);
  ref().encode(message_.get(), out, version);
  JD_ASSERT(out.written() == bytes.size(), ref().name, version, out.written(), bytes.size());
  return bytes;
}

const char* any_message::unsupported_field(std::int16_t version) const {
  return ref().unsupported_field(message_.get(), version);
}

std::string any_message::json(std::int16_t version) const {
  json_printer out;
  operations_->print(message_.get(), out, version);
  return out.text();
}

decoded decode_any(const message_type& type, std::int16_t version, bytes_view bytes) {
  decoded out;
  auto message = any_message::make(type);
  reader in(bytes);
  message->decode(in, version);
  in.expect_end();
  if (!in.ok()) {
    out.error = std::string(name_of(in.status())) + " at byte " + std::to_string(in.position());
    return out;
  }
  out.json = message->json(version);
  out.encoded_size = message->encoded_size(version);
  out.encoded = message->encode(version);
  out.unsupported_field = message->unsupported_field(version);
  return out;
}

std::string check_hostile(const message_type& type, std::int16_t version, bytes_view bytes) {
  auto message = any_message::make(type);
  reader in(bytes);
  message->decode(in, version);
  if (!in.ok()) return {};
  if (const char* field = message->unsupported_field(version)) {
    return std::string("decoded and yet unsupported: ") + field;
  }
  const auto first = message->encode(version);
  auto again = any_message::make(type);
  reader in_again(first, reader::trusted_allowance_bytes(first.size()));
  again->decode(in_again, version);
  in_again.expect_end();
  if (!in_again.ok()) return std::string("what was encoded can't be decoded: ") + name_of(in_again.status());
  if (first != again->encode(version)) return "encoded twice, the bytes differ";
  return message->json(version) == again->json(version) ? std::string{} : "encoded and decoded, the fields differ";
}

}  // namespace jackdaw::golden
