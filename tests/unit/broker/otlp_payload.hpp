// Builds what clients push: OpenTelemetry's metrics data in Protobuf's wire format, byte by byte.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace jackdaw::testing {

class otlp_payload {
 public:
  using labels = std::vector<std::pair<std::string, std::string>>;

  explicit otlp_payload(const labels& resource = {}) {
    std::string attributes;
    for (const auto& l : resource) attributes += field(1, label(l));
    if (!attributes.empty()) resource_ = field(1, attributes);
  }
  otlp_payload& gauge(const std::string& name, double value, const labels& l = {}) {
    return metric(name, field(5, field(1, point(value, l))));
  }
  otlp_payload& sum(const std::string& name, std::int64_t value, bool is_delta = true) {
    const std::string p = std::string("\x31") + fixed64(static_cast<std::uint64_t>(value));  // as_int
    return metric(name, field(7, field(1, p) + "\x10" + (is_delta ? '\x01' : '\x02') + "\x18\x01"));
  }
  std::string bytes() const { return field(1, resource_ + field(2, metrics_)); }

 private:
  static std::string varint(std::uint64_t n) {
    std::string out;
    for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
    return out + static_cast<char>(n);
  }
  static std::string field(int number, const std::string& content) {
    return varint(static_cast<std::uint64_t>(number) << 3 | 2) + varint(content.size()) + content;
  }
  static std::string fixed64(std::uint64_t n) {
    std::string out;
    for (int i = 0; i < 8; ++i) out += static_cast<char>(n >> (8 * i));
    return out;
  }
  static std::string label(const std::pair<std::string, std::string>& l) {
    return field(1, l.first) + field(2, field(1, l.second));
  }
  static std::string point(double value, const labels& l) {
    std::string out =
        "\x19" + fixed64(1'700'000'000'000'000'000) + "\x21" + fixed64(std::bit_cast<std::uint64_t>(value));
    for (const auto& one : l) out += field(7, label(one));
    return out;
  }
  otlp_payload& metric(const std::string& name, const std::string& data) {
    metrics_ += field(2, field(1, name) + field(2, "described") + data);
    return *this;
  }

  std::string resource_;
  std::string metrics_;
};

}  // namespace jackdaw::testing
