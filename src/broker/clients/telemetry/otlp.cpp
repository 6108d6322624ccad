#include "otlp.hpp"

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include "otlp.pb.h"

namespace jackdaw::broker {
namespace {

using labels = std::map<std::string, std::string>;
using key_values = google::protobuf::RepeatedPtrField<otlp::KeyValue>;

std::string text_of(const otlp::AnyValue& v) {
  switch (v.value_case()) {
    case otlp::AnyValue::kStringValue: return v.string_value();
    case otlp::AnyValue::kBoolValue: return v.bool_value() ? "true" : "false";
    case otlp::AnyValue::kIntValue: return std::to_string(v.int_value());
    case otlp::AnyValue::kDoubleValue: return fmt::format("{}", v.double_value());
    case otlp::AnyValue::VALUE_NOT_SET: break;
  }
  return {};
}

void add(labels& to, const key_values& attributes) {
  for (const auto& a : attributes) to[a.key()] = text_of(a.value());
}

class collector {
 public:
  explicit collector(std::size_t points_max) : points_max_(points_max) {}

  bool take(const otlp::MetricsData& data) {
    for (const auto& resource : data.resource_metrics()) {
      labels shared;
      add(shared, resource.resource().attributes());
      for (const auto& scope : resource.scope_metrics()) {
        for (const auto& metric : scope.metrics()) {
          if (!take(metric, shared)) return false;
        }
      }
    }
    return true;
  }
  std::vector<pushed_metric> out;

 private:
  bool take(const otlp::Metric& metric, const labels& shared) {
    pushed_metric m;
    m.key.name = metric.name();
    const bool is_sum = metric.has_sum();
    m.is_counter = is_sum && metric.sum().is_monotonic();
    m.is_delta = is_sum && metric.sum().aggregation_temporality() == 1;
    const auto& points = is_sum ? metric.sum().data_points() : metric.gauge().data_points();
    for (const auto& point : points) {
      if (point.value_case() == otlp::NumberDataPoint::VALUE_NOT_SET) continue;
      if (out.size() == points_max_) return false;
      m.key.labels = shared;
      add(m.key.labels, point.attributes());
      m.value =
          point.value_case() == otlp::NumberDataPoint::kAsInt ? static_cast<double>(point.as_int()) : point.as_double();
      m.time_ms = static_cast<std::int64_t>(point.time_unix_nano() / 1'000'000);
      out.push_back(m);
    }
    return true;
  }

  std::size_t points_max_;
};

}  // namespace

result<std::vector<pushed_metric>> decode_metrics(bytes_view payload, std::size_t points_max) {
  google::protobuf::Arena arena;
  auto* data = google::protobuf::Arena::CreateMessage<otlp::MetricsData>(&arena);
  if (payload.size() > INT32_MAX || !data->ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return fail(errc::corrupt, "it is no OpenTelemetry metrics data");
  collector all(points_max);
  if (!all.take(*data)) return fail(errc::too_large, fmt::format("it has more than {} data points", points_max));
  return std::move(all.out);
}

result<std::vector<pushed_metric>> decode_push(protocol::codec codec, bytes_view bytes, std::size_t limit_bytes,
                                               std::size_t points_max) {
  if (codec == protocol::codec::none) return decode_metrics(bytes, points_max);
  protocol::decompressor with;
  std::vector<std::byte> plain;
  if (auto done = protocol::decompress(with, codec, bytes, limit_bytes, plain); !done) return done.error();
  return decode_metrics(plain, points_max);
}

}  // namespace jackdaw::broker
