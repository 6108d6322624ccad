// Clusters and requests for the tests of deciding.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image_builder.hpp"

namespace jackdaw::controller {

// A cluster state that decisions are applied to, as the leader does.
class cluster {
 public:
  cluster& broker(std::int32_t id, std::string rack = "", bool fenced = false) {
    metadata::broker_registered b;
    b.id = broker_id(id);
    b.epoch = broker_epoch(100 + id);
    b.incarnation = uuid{7, static_cast<std::uint64_t>(id)};
    if (!rack.empty()) b.rack = rack;
    b.fenced = fenced;
    return apply({b});
  }
  cluster& brokers(std::int32_t count) {
    for (std::int32_t id = 1; id <= count; ++id) broker(id);
    return *this;
  }
  cluster& topic(const std::string& name, std::int32_t partitions = 1,
                 metadata::broker_list replicas = {broker_id(1)}) {
    const uuid id{9, ++topics_};
    apply({metadata::topic_created{name, id}});
    for (std::int32_t p = 0; p < partitions; ++p) {
      metadata::partition_state state;
      state.replicas = replicas;
      state.isr = replicas;
      state.leader = replicas[0];
      apply({metadata::partition_created{id, partition_id(p), state}});
    }
    return *this;
  }
  cluster& config(metadata::config_resource type, const std::string& name, const std::string& key,
                  const std::string& value) {
    return apply({metadata::config_changed{type, name, key, value}});
  }
  cluster& apply(const std::vector<metadata::record>& records) {
    for (const auto& r : records) {
      const auto applied = builder_.apply(r);
      EXPECT_TRUE(applied.has_value()) << (applied ? "" : applied.error().detail);
    }
    return *this;
  }
  const metadata::image& image() const { return builder_.current(); }
  uuid id_of(const std::string& name) const { return image().find_topic(name)->id(); }

 private:
  metadata::image_builder builder_{metadata::image::empty()};
  std::uint64_t topics_ = 0;
};

template <class Record>
std::vector<Record> records_of(const std::vector<metadata::record>& all) {
  std::vector<Record> out;
  for (const auto& r : all) {
    if (const auto* found = std::get_if<Record>(&r)) out.push_back(*found);
  }
  return out;
}

inline std::vector<std::int32_t> ids(const metadata::broker_list& list) {
  std::vector<std::int32_t> out;
  for (const broker_id id : list) out.push_back(id.value());
  return out;
}

inline std::vector<broker_id> broker_ids(std::initializer_list<std::int32_t> list) {
  std::vector<broker_id> out;
  for (const auto id : list) out.push_back(broker_id(id));
  return out;
}

// "code: message", as one comparable text.
inline std::string text(const verdict& v) {
  return std::to_string(static_cast<int>(v.code)) + (v.message ? ": " + *v.message : "");
}

}  // namespace jackdaw::controller
