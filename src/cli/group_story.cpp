#include "jackdaw/cli/group_story.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string_view>

#include "jackdaw/base/counted.hpp"
#include "jackdaw/cli/arguments.hpp"

namespace jackdaw::cli {

namespace {

using rebalance = protocol::group_history::rebalance;
using cause = protocol::group_history::cause;

constexpr std::size_t causes_told = 5;  // one by one; the others are counted

struct wording {
  std::string_view kind;
  const char* one;
  const char* many;
};
constexpr wording wordings[] = {
    {"joined", "joined", "joined"},
    {"joined_again", "joined again", "joined again"},
    {"left", "left", "left"},
    {"session_over", "sent no heartbeat within its session timeout", "sent no heartbeats"},
    {"did_not_join", "didn't join again in time", "didn't join again in time"},
    {"did_not_sync", "joined, but didn't fetch its assignment in time", "didn't fetch their assignments in time"},
    {"protocols_changed", "changed its subscription", "changed their subscriptions"},
    {"store_failed", "gave an assignment that couldn't be stored", "gave assignments that couldn't be stored"}};

// What a newer broker may tell is told as it is.
std::string did(std::string_view kind, bool is_many) {
  for (const auto& w : wordings) {
    if (w.kind == kind) return is_many ? w.many : w.one;
  }
  return std::string(kind);
}

std::string without_slash(std::string_view host) { return std::string(host.substr(host.starts_with('/') ? 1 : 0)); }

std::string who(const cause& c) {
  if (c.client_id.empty()) return "member " + std::string(c.member_id);
  std::string text = "client " + std::string(c.client_id);
  if (!c.client_host.empty()) text += " at " + without_slash(c.client_host);
  return text + " (" + std::string(c.member_id) + ")";
}

std::string tell_causes(const rebalance& r) {
  std::string out;
  const std::size_t told = std::min(r.causes.size(), causes_told);
  for (std::size_t i = 0; i < told; ++i) {
    const cause& c = r.causes[i];
    out += i == 0 ? "  because " : "  and     ";
    out += who(c) + ' ' + did(c.kind, false);
    if (!c.reason.empty()) out += ": " + std::string(c.reason);
    out += '\n';
  }
  std::map<std::string_view, std::size_t> others;
  for (std::size_t i = told; i < r.causes.size(); ++i) ++others[r.causes[i].kind];
  for (const auto& [kind, count] : others) {
    out += "  and     " + std::to_string(count) + " more " + did(kind, count != 1) + '\n';
  }
  return out;
}

std::string tell_times(const rebalance& r) {
  if (r.joined_after_ms >= 0 && r.member_count == 0) return "  nobody is in the group any more\n";
  if (r.joined_after_ms < 0) return "  not all members have joined yet\n";
  std::string out = "  all members had joined after " + format_duration(r.joined_after_ms);
  if (r.synced_after_ms >= 0) {
    out += ", partitions were assigned after " + format_duration(r.synced_after_ms);
  } else {
    out += ", partitions aren't assigned yet";
  }
  return out + '\n';
}

}  // namespace

std::string format_duration(std::int64_t ms) {
  if (ms < 1000) return std::to_string(ms) + " ms";
  if (ms >= 60'000) return std::to_string(ms / 60'000) + " min " + std::to_string(ms / 1000 % 60) + " s";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ms) / 1000);
  return text;
}

std::string tell(const rebalance& r) {
  std::string out = format_time(r.began_ms);
  out += r.generation < 0 ? "  not done yet" : "  led to generation " + std::to_string(r.generation);
  if (r.joined_after_ms >= 0) {
    out += " with " + counted(static_cast<std::uint64_t>(r.member_count), "member");
  }
  out += '\n' + tell_causes(r) + tell_times(r);
  if (!r.slowest_member.empty() && r.member_count > 1) {
    out += "  the last to join was " + std::string(r.slowest_member) + '\n';
  }
  for (const auto& member : r.dropped_members) {
    out += "  dropped, because it didn't join in time: " + std::string(member) + '\n';
  }
  if (r.partitions_assigned >= 0) {
    out += "  " + std::to_string(r.partitions_moved) + " of " +
           counted(static_cast<std::uint64_t>(r.partitions_assigned), "partition") + " moved to another member\n";
  }
  return out;
}

void print(protocol::json_printer& out, const rebalance& r) {
  const auto number = [&](std::string_view key, std::int64_t value) {
    out.key(key);
    value < 0 ? out.null() : out.value(value);
  };
  const auto text = [&](std::string_view key, std::string_view value) {
    out.key(key);
    value.empty() ? out.null() : out.value(value);
  };
  out.begin_object();
  out.key("began");
  out.value(std::string_view(format_time(r.began_ms)));
  number("generation", r.generation);
  out.key("causes");
  out.begin_array();
  for (const auto& c : r.causes) {
    out.begin_object();
    text("kind", c.kind);
    text("member", c.member_id);
    text("client", c.client_id);
    text("host", without_slash(c.client_host));
    text("reason", c.reason);
    out.end_object();
  }
  out.end_array();
  number("joined_after_ms", r.joined_after_ms);
  number("assigned_after_ms", r.synced_after_ms);
  text("slowest_member", r.slowest_member);
  out.key("dropped_members");
  out.begin_array();
  for (const auto& member : r.dropped_members) out.value(member);
  out.end_array();
  number("members", r.member_count);
  number("partitions_moved", r.partitions_moved);
  number("partitions_assigned", r.partitions_assigned);
  out.end_object();
}

}  // namespace jackdaw::cli
