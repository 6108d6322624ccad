// DeleteTopics, by name or by id.
#include <map>
#include <set>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/controller/topics.hpp"

namespace jackdaw::controller {
namespace {

using protocol::delete_topics_request;
using protocol::error_code;

constexpr const char* no_such_topic = "This server does not host this topic-partition.";
constexpr const char* no_such_id = "This server does not host this topic ID.";

struct wanted {
  std::optional<std::string_view> name;
  uuid id;
};

std::vector<wanted> all_wanted(const delete_topics_request& request) {
  std::vector<wanted> out;
  for (const auto& t : request.topics) out.push_back({t.name, t.topic_id});
  for (const auto name : request.topic_names) out.push_back({name, {}});
  return out;
}

class topic_deleter {
 public:
  topic_deleter(const metadata::image& image, const broker_config& config, mutation_quota* quota)
      : image_(image), config_(config), quota_(quota) {}

  decision<std::vector<deleted_topic>> decide(const delete_topics_request& request) {
    const auto all = all_wanted(request);
    for (const wanted& w : all) {
      if (is_single(w)) ++times_[key_of(w)];
    }
    for (const wanted& w : all) add(w);
    JD_ASSERT(out_.records.size() == removed_.size(), out_.records.size(), removed_.size());
    return std::move(out_);
  }

 private:
  using key = std::pair<std::string_view, uuid>;

  static bool is_single(const wanted& w) { return w.name.has_value() == w.id.is_zero(); }
  static key key_of(const wanted& w) { return {w.name.value_or(std::string_view()), w.id}; }

  void add(const wanted& w) {
    deleted_topic row;
    if (w.name) row.name = std::string(*w.name);
    row.id = w.id;
    if (!is_single(w)) {
      row.outcome = refuse(error_code::invalid_request, w.name ? "You may not specify both topic name and topic id."
                                                               : "Neither topic name nor id were specified.");
      out_.reply.push_back(std::move(row));
      return;
    }
    int& left = times_[key_of(w)];
    if (left == 0) return;
    row.outcome = left > 1
                      ? refuse(error_code::invalid_request, w.name ? "Duplicate topic name." : "Duplicate topic id.")
                      : remove(w, row);
    left = 0;
    out_.reply.push_back(std::move(row));
  }

  verdict remove(const wanted& w, deleted_topic& row) {
    const metadata::topic* topic = w.name ? image_.find_topic(*w.name) : image_.find_topic(w.id);
    if (topic == nullptr)
      return w.name ? refuse(error_code::unknown_topic_or_partition, no_such_topic)
                    : refuse(error_code::unknown_topic_id, no_such_id);
    if (!config_.delete_topic_enable) return refuse(error_code::topic_deletion_disabled, "Topic deletion is disabled.");
    if (auto v = take_from(quota_, topic->partition_count()); !v.ok()) return v;
    row.name = topic->name();
    row.id = topic->id();
    JD_ASSERT(image_.find_topic(row.id) == topic, topic->name());  // the two ways to it agree
    if (!removed_.insert(topic->id()).second)
      return refuse(error_code::invalid_request, "The provided topic name maps to an ID that was already supplied.");
    out_.records.push_back(metadata::topic_deleted{topic->id()});
    return {};
  }

  const metadata::image& image_;
  const broker_config& config_;
  mutation_quota* quota_;
  std::map<key, int> times_;
  std::set<uuid> removed_;
  decision<std::vector<deleted_topic>> out_;
};

}  // namespace

decision<std::vector<deleted_topic>> delete_topics(const metadata::image& image, const delete_topics_request& request,
                                                   const broker_config& config, mutation_quota* quota) {
  return topic_deleter(image, config, quota).decide(request);
}

}  // namespace jackdaw::controller
