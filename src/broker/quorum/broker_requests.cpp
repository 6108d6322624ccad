#include "broker_requests.hpp"

#include "jackdaw/protocol/frames.hpp"
#include "jackdaw/protocol/messages/broker_heartbeat.hpp"
#include "jackdaw/protocol/messages/broker_registration.hpp"

namespace jackdaw::broker {
namespace {

using protocol::broker_heartbeat_request;
using protocol::broker_registration_request;

constexpr std::size_t size_prefix = 4;
constexpr std::int16_t registration_version = 4;
constexpr std::int16_t heartbeat_version = 1;

template <class Message>
std::vector<std::byte> to_frame(const Message& message, std::int16_t version) {
  protocol::request_header header;
  header.api_version = version;
  auto frame = protocol::encode_request_frame(std::move(header), message);
  JD_ASSERT(frame, Message::message_name);
  frame->erase(frame->begin(), frame->begin() + size_prefix);
  return std::move(*frame);
}

std::vector<std::byte> encode_one(const registration_request& r) {
  broker_registration_request message;
  message.broker_id = r.who.id;
  message.cluster_id = r.cluster_id;
  message.incarnation_id = r.who.incarnation;
  for (const auto& e : r.who.endpoints) {
    broker_registration_request::listener l;
    l.name = e.listener;
    l.host = e.host;
    l.port = e.port;
    l.security_protocol = e.security_protocol;
    message.listeners.push_back(std::move(l));
  }
  if (r.who.rack) message.rack = *r.who.rack;
  return to_frame(message, registration_version);
}

std::vector<std::byte> encode_one(const unfence_request& r) {
  broker_heartbeat_request message;
  message.broker_id = r.id;
  message.broker_epoch = r.epoch;
  return to_frame(message, heartbeat_version);
}

registration_request from_message(const broker_registration_request& message) {
  registration_request r;
  r.cluster_id = message.cluster_id;
  r.who.id = message.broker_id;
  r.who.incarnation = message.incarnation_id;
  for (const auto& l : message.listeners) {
    r.who.endpoints.push_back({std::string(l.name), std::string(l.host), l.port, l.security_protocol});
  }
  if (message.rack) r.who.rack = std::string(*message.rack);
  return r;
}

}  // namespace

std::vector<std::byte> encode(const broker_request& request) {
  return std::visit([](const auto& r) { return encode_one(r); }, request);
}

result<broker_request> decode_broker_request(bytes_view bytes) {
  protocol::reader in(bytes);
  const auto header = protocol::decode_request_header(in);
  if (!header) return header.error();
  if (header->api_key == broker_registration_request::api_key && header->api_version == registration_version) {
    auto message = protocol::decode_message<broker_registration_request>(in, registration_version);
    if (!message) return message.error();
    return broker_request(from_message(*message));
  }
  if (header->api_key == broker_heartbeat_request::api_key && header->api_version == heartbeat_version) {
    auto message = protocol::decode_message<broker_heartbeat_request>(in, heartbeat_version);
    if (!message) return message.error();
    return broker_request(unfence_request{message->broker_id, message->broker_epoch});
  }
  return fail(errc::unsupported, "a broker asks for api " + std::to_string(header->api_key) + " v" +
                                     std::to_string(header->api_version) + ": run one version on all nodes");
}

}  // namespace jackdaw::broker
