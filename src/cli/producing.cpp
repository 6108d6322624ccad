#include "producing.hpp"

#include <random>

#include "jackdaw/base/counted.hpp"
#include "jackdaw/cli/arguments.hpp"

namespace jackdaw::cli {

namespace {

constexpr std::chrono::milliseconds topic_patience{5000};  // a topic that was just made gets its leaders soon

outcome<net::producer_options> parse(const producing_options& o) {
  net::producer_options out;
  out.acks = o.acks == "all" || o.acks == "-1" ? std::int16_t{-1} : o.acks == "1" ? std::int16_t{1} : std::int16_t{0};
  out.is_idempotent = out.acks == -1 && !o.no_idempotence;
  auto codec = parse_compression(o.codec);
  if (!codec) return failure(codec.error());
  out.compression = *codec;
  auto batch = parse_bytes(o.batch);
  if (!batch) return failure(batch.error());
  out.batch_bytes = static_cast<std::size_t>(*batch);
  out.request_bytes_max = std::max(out.request_bytes_max, out.batch_bytes);
  auto linger = parse_duration_ms(o.linger);
  if (!linger) return failure(linger.error());
  out.linger = std::chrono::milliseconds(*linger);
  out.in_flight_max = o.in_flight;
  return out;
}

}  // namespace

void declare_producing(command verb, producing_options& o) {
  verb.add_option("--acks", o.acks, "Who must have a record: 0 nobody, 1 the leader, all in-sync replicas")
      .one_of({"0", "1", "all", "-1"})
      .show_default();
  verb.add_option("-z,--codec", o.codec, "none, gzip, snappy, lz4, zstd, with a level as in zstd:7").show_default();
  verb.add_flag("--no-idempotence", o.no_idempotence, "Retries may write twice or out of order");
  verb.add_option("--in-flight", o.in_flight, "Requests under way to each broker").within(1, 1000).show_default();
  verb.add_option("--batch", o.batch, "Largest batch before compression").show_default();
  verb.add_option("--linger", o.linger, "How long a batch waits for more records").show_default();
}

outcome<std::unique_ptr<producing>> start_producing(context& ctx, const std::string& topic,
                                                    const producing_options& o) {
  auto options = parse(o);
  if (!options) return options.error();
  if (options->is_idempotent && options->in_flight_max > 5) {
    return usage("an idempotent producer has at most 5 requests in flight; add --no-idempotence");
  }
  auto client = ctx.client();
  if (!client) return client.error();
  auto out = std::make_unique<producing>(**client, std::move(*options), std::random_device{}());
  auto known = (*client)->topic(topic, std::chrono::milliseconds(0));
  if (!known && known.error().code == errc::not_found) {
    return failure{exit_status::not_found, known.error().detail + "; make it with: jackdaw topic create " + topic};
  }
  auto added = out->producer.add_topic(topic, topic_patience);
  if (!added) return failure(added.error());
  out->topic = *added;
  if (auto started = out->producer.start(); !started) return failure(started.error());
  return out;
}

outcome<void> finish_producing(context& ctx, const producing& p) {
  const auto& producer = p.producer;
  if (ctx.is_json()) {
    protocol::json_printer json;
    json.begin_object();
    json.key("delivered");
    json.value(static_cast<std::int64_t>(producer.records_delivered()));
    json.key("failed");
    json.value(static_cast<std::int64_t>(producer.records_failed()));
    json.end_object();
    context::print(json);
  }
  if (producer.records_failed() == 0) return boost::system::in_place_value;
  return failure{exit_status::failed, "not written: " + std::to_string(producer.records_failed()) + " of " +
                                          counted(producer.records_failed() + producer.records_delivered(), "record") +
                                          ", " + producer.first_failure()->detail};
}

}  // namespace jackdaw::cli
