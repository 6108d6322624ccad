// top's view as a screen and as JSON.
#include <algorithm>
#include <cmath>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/top_view.hpp"

namespace jackdaw::cli {

namespace {

constexpr std::size_t header_lines = 2;   // the title and an empty line
constexpr std::size_t section_lines = 2;  // a table's head and the empty line behind it
constexpr std::size_t slowest_shown = 10;

cell shown(const rate& r, bool with_sign = false) {
  if (!r) return {};
  const double size = std::abs(*r);
  if (size < 0.005) return std::string("0");
  std::string text = *r < 0 ? "-" : with_sign ? "+" : "";
  return text + (size < 10 ? to_text(size) : format_count(size));
}

cell id_of(broker_id id) { return id.value() < 0 ? cell{} : cell{std::int64_t{id.value()}}; }
cell exact(const rate& r) { return r ? cell{*r} : cell{}; }
cell shown_bytes(const rate& r) { return r ? cell{format_bytes(*r)} : cell{}; }
double to_ms(std::int64_t us) { return static_cast<double>(us) / 1000; }

template <class Row, class Cells>
table make_table(std::vector<column> columns, const std::vector<Row>& rows, std::size_t most, const Cells& cells) {
  table out(std::move(columns));
  for (std::size_t i = 0; i < std::min(rows.size(), most); ++i) out.add(cells(rows[i]));
  return out;
}

table brokers(const top_view& v, std::size_t most) {
  return make_table({{"broker"},
                     {"address"},
                     {"role"},
                     {"leads"},
                     {"produced/s", true},
                     {"conns", true},
                     {"req/s", true},
                     {"in/s", true},
                     {"out/s", true}},
                    v.brokers, most, [](const top_view::broker& b) -> std::vector<cell> {
                      return {id_of(b.id),
                              b.address,
                              b.is_controller ? cell{std::string("controller")} : cell{},
                              b.leads,
                              shown(b.produced),
                              b.activity ? cell{b.activity->connections} : cell{},
                              shown(b.requests),
                              shown_bytes(b.received_bytes),
                              shown_bytes(b.sent_bytes)};
                    });
}

table topics(const top_view& v, std::size_t most) {
  return make_table({{"topic"}, {"partitions"}, {"produced/s", true}, {"busiest_partition"}, {"of_it/s", true}},
                    v.topics, most, [](const top_view::topic& t) -> std::vector<cell> {
                      const bool is_busy = t.busiest_produced.value_or(0) > 0;
                      return {t.name, t.partitions, shown(t.produced),
                              is_busy ? cell{std::int64_t{t.busiest.value()}} : cell{},
                              is_busy ? shown(t.busiest_produced) : cell{}};
                    });
}

table partitions(const top_view& v, std::size_t most) {
  return make_table({{"topic"}, {"partition"}, {"leader"}, {"log_end"}, {"produced/s", true}}, v.partitions, most,
                    [](const top_view::partition& p) -> std::vector<cell> {
                      return {p.topic, std::int64_t{p.id.value()}, id_of(p.leader), p.end, shown(p.produced)};
                    });
}

table groups(const top_view& v, std::size_t most) {
  return make_table({{"group"}, {"state"}, {"lag"}, {"lag_changes/s", true}, {"committed/s", true}}, v.groups, most,
                    [](const top_view::group& g) -> std::vector<cell> {
                      return {g.name, g.state, g.lag, shown(g.trend, true), shown(g.consumed)};
                    });
}

table lags(const top_view& v, std::size_t most) {
  return make_table({{"largest_lags_of"}, {"topic"}, {"partition"}, {"lag"}, {"lag_changes/s", true}}, v.lags, most,
                    [](const top_view::lag& l) -> std::vector<cell> {
                      return {l.group, l.topic, std::int64_t{l.partition.value()}, l.records, shown(l.trend, true)};
                    });
}

table slowest(const top_view& v, std::size_t most) {
  return make_table({{"slowest_requests"}, {"broker"}, {"api"}, {"client_id"}, {"from"}, {"ms"}}, v.slowest, most,
                    [](const top_view::slow_request& s) -> std::vector<cell> {
                      const auto& r = s.request;
                      return {format_time(r.began_ms).substr(11, 8) + 'Z',
                              id_of(s.broker),
                              api_name(r.api_key) + " v" + std::to_string(r.api_version),
                              r.client_id.empty() ? cell{} : cell{r.client_id},
                              r.peer_address,
                              to_ms(r.took_us)};
                    });
}

std::vector<top_view::budget> short_memory(const top_view& v) {
  std::vector<top_view::budget> out;
  std::copy_if(v.memory.begin(), v.memory.end(), std::back_inserter(out), [](const auto& m) { return m.is_short(); });
  return out;
}

table memory(const std::vector<top_view::budget>& rows, std::size_t most) {
  const auto bytes = [](std::int64_t n) { return format_bytes(static_cast<double>(n)); };
  return make_table(
      {{"memory_of"}, {"broker"}, {"used", true}, {"limit", true}, {"refused"}}, rows, most,
      [&](const top_view::budget& m) -> std::vector<cell> {
        return {m.use.kind, id_of(m.broker), bytes(m.use.used_bytes), bytes(m.use.limit_bytes), m.use.refused};
      });
}

std::string headline(const top_view& v, const std::string& title) {
  std::string out = "cluster " + v.cluster_id + "  brokers " + std::to_string(v.brokers.size()) + "  topics " +
                    std::to_string(v.topics.size()) + "  partitions " + std::to_string(v.partition_count);
  if (v.under_replicated != 0) out += "  under-replicated " + std::to_string(v.under_replicated);
  if (v.without_leader != 0) out += "  without leader " + std::to_string(v.without_leader);
  if (v.produced) out += "  produced/s " + to_text(shown(v.produced));
  if (!title.empty()) out += "  " + title;
  return out;
}

// How many rows each list gets: as many as it has, the longest cut first.
std::vector<std::size_t> share_rows(std::vector<std::size_t> wanted, std::size_t height) {
  if (height == 0) return wanted;
  const auto lists =
      static_cast<std::size_t>(std::count_if(wanted.begin(), wanted.end(), [](auto n) { return n != 0; }));
  const std::size_t taken = header_lines + lists * section_lines;
  const std::size_t room = height > taken ? height - taken : 0;
  const auto sum = [&] {
    std::size_t all = 0;
    for (const auto n : wanted) all += n;
    return all;
  };
  while (sum() > room) {
    auto longest = std::max_element(wanted.begin(), wanted.end());
    if (*longest == 1) break;
    const std::size_t second = [&] {
      std::size_t next = 0;
      for (auto at = wanted.begin(); at != wanted.end(); ++at) next = at == longest ? next : std::max(next, *at);
      return next;
    }();
    const std::size_t surplus = sum() - room;
    *longest -= std::clamp<std::size_t>(*longest - std::max<std::size_t>(second, 1), 1, surplus);
  }
  return wanted;
}

}  // namespace

std::string to_screen(const top_view& view, const std::string& title, bool with_partitions, std::size_t width,
                      std::size_t height) {
  const auto scarce = short_memory(view);
  const auto rows =
      share_rows({view.brokers.size(), with_partitions ? view.partitions.size() : view.topics.size(),
                  view.groups.size(), view.lags.size(), std::min(view.slowest.size(), slowest_shown), scarce.size()},
                 height);
  std::string head = headline(view, title);
  if (width != 0 && display_width(head) > width) head.resize(width);
  std::string out = head + '\n';
  const table lists[] = {brokers(view, rows[0]), with_partitions ? partitions(view, rows[1]) : topics(view, rows[1]),
                         groups(view, rows[2]),  lags(view, rows[3]),
                         slowest(view, rows[4]), memory(scarce, rows[5])};
  std::size_t lines = 1;
  for (const table& list : lists) {
    if (list.empty()) continue;
    out += '\n' + list.text(width);
  }
  if (height == 0) return out;
  // A terminal that is lower than the heads alone.
  for (std::size_t at = 0; at < out.size(); ++at) {
    if (out[at] == '\n' && lines++ == height) return out.substr(0, at + 1);
  }
  return out;
}

namespace {

std::vector<column> broker_columns() {
  return {{"id"},          {"address"},         {"is_controller"},  {"leads"},          {"produced_per_s"},
          {"connections"}, {"accepted"},        {"requests_per_s"}, {"received_bytes"}, {"received_bytes_per_s"},
          {"sent_bytes"},  {"sent_bytes_per_s"}};
}

std::vector<cell> broker_cells(const top_view::broker& b) {
  const auto told = [&](std::int64_t broker_activity::*count) {
    return b.activity ? cell{(*b.activity).*count} : cell{};
  };
  return {id_of(b.id),
          b.address,
          b.is_controller,
          b.leads,
          exact(b.produced),
          told(&broker_activity::connections),
          told(&broker_activity::accepted),
          exact(b.requests),
          told(&broker_activity::received_bytes),
          exact(b.received_bytes),
          told(&broker_activity::sent_bytes),
          exact(b.sent_bytes)};
}

std::vector<column> slow_columns() {
  return {{"began_ms"}, {"broker"}, {"api"},           {"version"},     {"client_id"},
          {"from"},     {"ms"},     {"request_bytes"}, {"answer_bytes"}};
}

std::vector<cell> slow_cells(const top_view::slow_request& s) {
  const auto& r = s.request;
  return {r.began_ms,    id_of(s.broker), api_name(r.api_key), std::int64_t{r.api_version},
          r.client_id,   r.peer_address,  to_ms(r.took_us),    r.request_bytes,
          r.answer_bytes};
}

}  // namespace

void print(protocol::json_printer& out, const top_view& v) {
  const auto list = [&](std::string_view name, std::vector<column> columns, const auto& rows, const auto& cells) {
    out.key(name);
    make_table(std::move(columns), rows, rows.size(), cells).print(out);
  };
  const auto value = [&](std::string_view name, const cell& c) {
    out.key(name);
    print(out, c);
  };
  out.begin_object();
  value("cluster_id", v.cluster_id);
  value("under_replicated", v.under_replicated);
  value("without_leader", v.without_leader);
  value("produced_per_s", exact(v.produced));
  list("brokers", broker_columns(), v.brokers, broker_cells);
  list("topics", {{"topic"}, {"partitions"}, {"produced_per_s"}}, v.topics, [](const auto& t) -> std::vector<cell> {
    return {t.name, t.partitions, exact(t.produced)};
  });
  list("partitions", {{"topic"}, {"partition"}, {"leader"}, {"log_end"}, {"produced_per_s"}}, v.partitions,
       [](const auto& p) -> std::vector<cell> {
         return {p.topic, std::int64_t{p.id.value()}, id_of(p.leader), p.end, exact(p.produced)};
       });
  list("groups", {{"group"}, {"state"}, {"lag"}, {"lag_change_per_s"}, {"committed_per_s"}}, v.groups,
       [](const auto& g) -> std::vector<cell> {
         return {g.name, g.state, g.lag, exact(g.trend), exact(g.consumed)};
       });
  list("lags", {{"group"}, {"topic"}, {"partition"}, {"lag"}, {"lag_change_per_s"}}, v.lags,
       [](const auto& l) -> std::vector<cell> {
         return {l.group, l.topic, std::int64_t{l.partition.value()}, l.records, exact(l.trend)};
       });
  list("apis", {{"broker"}, {"api"}, {"answered"}, {"requests_per_s"}}, v.apis, [](const auto& a) -> std::vector<cell> {
    return {id_of(a.broker), a.name, a.answered, exact(a.requests)};
  });
  list("slowest_requests", slow_columns(), v.slowest, slow_cells);
  list("memory", {{"broker"}, {"kind"}, {"used_bytes"}, {"limit_bytes"}, {"refused"}}, v.memory,
       [](const auto& m) -> std::vector<cell> {
         return {id_of(m.broker), m.use.kind, m.use.used_bytes, m.use.limit_bytes, m.use.refused};
       });
  out.end_object();
}

}  // namespace jackdaw::cli
