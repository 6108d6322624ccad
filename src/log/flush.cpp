#include "jackdaw/log/flush.hpp"

#include <algorithm>

#include "batch_scan.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::log {

namespace {

constexpr std::size_t copy_step_bytes = 1024 * 1024;

// Writes the file's own bytes over themselves, so that the kernel owes them to the disk again.
result<void> write_again(file& f) {
  auto size = f.size();
  if (!size) return size.error();
  std::vector<std::byte> chunk(std::min<std::uint64_t>(copy_step_bytes, *size));
  for (std::uint64_t at = 0; at < *size; at += chunk.size()) {
    auto got = f.read_at(mutable_bytes(chunk).first(std::min<std::uint64_t>(chunk.size(), *size - at)), at);
    if (!got) return got.error();
    const bytes_view parts[] = {bytes_view(chunk).first(*got)};
    if (auto written = f.write_at(parts, at); !written) return written;
  }
  // Its end, too: what was cut off may be there on the disk.
  if (auto cut = f.truncate(*size); !cut) return cut;
  return f.sync();
}

// Returns where the range ends validly: the offset behind its last good batch; nothing if all of it is good.
result<std::optional<offset>> write_batches_again(const repair_job::range& range) {
  JD_ASSERT(range.position <= range.end_position, range.position, range.end_position, range.base_offset.value());
  batch_stream batches(*range.log_file, range.position, range.end_position);
  offset next = range.base_offset;
  while (true) {
    auto step = batches.next();
    if (!step) return step.error();
    if (*step == scan_step::end) break;
    const bool good =
        *step == scan_step::found && batches.batch().base_offset() >= next && protocol::validate(batches.batch());
    if (!good) return std::optional<offset>{next};
    const bytes_view parts[] = {batches.batch().bytes()};
    if (auto written = range.log_file->write_at(parts, batches.position()); !written) return written.error();
    next = batches.batch().next_offset();
  }
  if (range.ends_file) {
    if (auto cut = range.log_file->truncate(range.end_position); !cut) return cut.error();
  }
  if (auto synced = range.log_file->sync(); !synced) return synced.error();
  for (const auto& index : range.synced_with_it) {
    if (auto written = write_again(*index); !written) return written.error();
  }
  return std::optional<offset>{};
}

}  // namespace

result<void> sync_in_bulk(disk& d, const std::vector<std::string>& data_directories,
                          const std::vector<file_content>& replacements) {
  const auto sync_all = [&]() -> result<void> {
    for (const auto& directory : data_directories) {
      if (auto synced = d.sync_file_system(directory); !synced) return synced;
    }
    return {};
  };
  for (const auto& replacement : replacements) {
    auto opened = d.open(replacement.path + ".tmp", open_mode::truncate);
    if (!opened) return opened.error();
    const bytes_view parts[] = {as_bytes(replacement.content)};
    if (auto written = (*opened)->write_at(parts, 0); !written) return written;
  }
  // Contents before names: a crash finds the old file or the new one.
  if (auto synced = sync_all(); !synced) return synced;
  for (const auto& replacement : replacements) {
    if (auto renamed = d.rename(replacement.path + ".tmp", replacement.path); !renamed) return renamed;
  }
  return replacements.empty() ? result<void>{} : sync_all();
}

result<void> flush_job::run(disk& d) const {
  for (const auto& replacement : replacements) {
    if (auto done = replace_file(d, replacement.path, as_bytes(replacement.content), false); !done) return done;
  }
  for (const auto& f : files) {
    if (auto synced = f->sync(); !synced) return synced;
  }
  for (const auto& directory : directories) {
    if (auto synced = d.sync_directory(directory); !synced) return synced;
  }
  return {};
}

flush_decision decide_flush(const log_config& config, const flush_state& state, timestamp_ms now) noexcept {
  if (state.unflushed_messages <= 0) return flush_decision::none;
  if (state.unflushed_messages >= config.flush_messages) return flush_decision::now;
  const timestamp_ms due = flush_due(config, state);
  if (due.value == INT64_MAX) return flush_decision::none;
  return due <= now ? flush_decision::now : flush_decision::later;
}

timestamp_ms flush_due(const log_config& config, const flush_state& state) noexcept {
  if (config.flush_ms == log_config::unlimited) return {INT64_MAX};
  return add_ms(state.last_flush, config.flush_ms);
}

result<repair_job::outcome> repair_job::run(disk& d) const {
  for (const auto& one : ranges) {
    auto written = write_batches_again(one);
    if (!written) return written.error();
    if (*written) return outcome{**written, false};
  }
  for (const auto& directory : directories) {
    if (auto synced = d.sync_directory(directory); !synced) return synced.error();
  }
  return outcome{end, true};
}

}  // namespace jackdaw::log
