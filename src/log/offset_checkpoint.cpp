#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/log/log_directory.hpp"
#include "text_lines.hpp"

namespace jackdaw::log {

namespace {

std::string encode(const offset_checkpoint::table& table) {
  std::string out = "0\n" + std::to_string(table.size()) + '\n';
  for (const auto& [tp, value] : table) {
    out += tp.topic;
    out += ' ' + std::to_string(tp.partition.value()) + ' ' + std::to_string(value.value()) + '\n';
  }
  return out;
}

bool decode(std::string_view text, offset_checkpoint::table& out) {
  text_lines lines(text);
  if (lines.next() != "0") return false;
  const auto count = lines.next_number();
  if (!count || *count < 0) return false;
  for (std::int64_t i = 0; i < *count; ++i) {
    text_words words(lines.next());
    const std::string_view topic = words.next();
    const auto partition = words.next_number();
    const auto value = words.next_number();
    if (topic.empty() || !partition || !value || !words.at_end()) return false;
    if (*partition < 0 || *partition > INT32_MAX || *value < 0) return false;
    out[{std::string(topic), partition_id{static_cast<std::int32_t>(*partition)}}] = offset{*value};
  }
  return lines.at_end();
}

}  // namespace

result<offset_checkpoint> offset_checkpoint::load(disk& d, std::string path) {
  offset_checkpoint out;
  out.path_ = std::move(path);
  out.table_ = std::make_unique<table>();
  auto content = read_whole(d, out.path_);
  if (!content && content.error().code == errc::not_found) return out;
  if (!content) return content.error();
  if (!decode(as_text(*content), *out.table_)) return fail(errc::corrupt, out.path_ + " is damaged");
  return out;
}

void offset_checkpoint::set(const topic_partition& tp, offset value) {
  JD_ASSERT(value.value() >= 0 && !tp.topic.empty(), tp.topic, value.value());  // such a file couldn't be read again
  if (find(tp) != value) changes_[tp] = value;
}

void offset_checkpoint::remove(const topic_partition& tp) { changes_[tp] = std::nullopt; }

std::optional<offset> offset_checkpoint::find(const topic_partition& tp) const {
  if (const auto changed = changes_.find(tp); changed != changes_.end()) return changed->second;
  // While a write has the table, what it holds can't be told: set() then notes even what may not have changed.
  if (!table_) return std::nullopt;
  const auto known = table_->find(tp);
  if (known == table_->end()) return std::nullopt;
  return known->second;
}

std::optional<offset_checkpoint::write_job> offset_checkpoint::prepare_write() {
  if (changes_.empty() || !table_) return std::nullopt;
  write_job job;
  job.path_ = path_;
  job.table_ = std::move(table_);
  job.changes_.reserve(changes_.size());
  for (auto& [tp, value] : changes_) job.changes_.emplace_back(tp, value);
  changes_.clear();
  return job;
}

result<void> offset_checkpoint::write_job::run(disk& d) {
  JD_ASSERT(table_ != nullptr && !written_, path_, changes_.size());
  for (const auto& [tp, value] : changes_) {
    if (value) {
      (*table_)[tp] = *value;
    } else {
      table_->erase(tp);
    }
  }
  const std::string text = encode(*table_);
  auto done = replace_file(d, path_, as_bytes(text), true);
  written_ = bool(done);
  return done;
}

void offset_checkpoint::write_done(write_job job) {
  JD_ASSERT(!table_ && job.table_ != nullptr, path_);
  table_ = std::move(job.table_);
  if (job.written_) return;
  for (auto& [tp, value] : job.changes_) changes_.try_emplace(tp, value);
}

}  // namespace jackdaw::log
