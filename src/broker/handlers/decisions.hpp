// Requests that change cluster state: decide at the controller, wait until it is so everywhere here, answer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/controller/decision.hpp"
#include "metadata_submit.hpp"
#include "shard_state.hpp"

namespace jackdaw::broker {

// A request and what the controller replied to it. On its home shard, but for the moment when the controller decides.
template <class Request, class Reply>
struct change {
  request_ptr r;
  Request asked;
  Reply reply;
  bool is_decided = false;

  const broker_config& config() const { return r->home().config(); }
};

// One that creates or deletes partitions, for which its client may have a quota (KIP-599): from version `strict_since`
// on, what the quota doesn't allow is refused; before, it is done and the client waits.
template <class Request, class Reply, std::int16_t strict_since>
struct mutating_change : change<Request, Reply> {
  std::optional<mutation_budget> budget;

  // On shard 0.
  void prepare(shard_state& zero) {
    budget = zero.quotas.mutations_of(user, this->r->client_id(), this->r->version() >= strict_since);
  }
  controller::mutation_quota* quota() noexcept { return budget ? &*budget : nullptr; }
  // At home, when it is decided.
  void throttle() {
    if (budget) this->r->throttle(budget->wait_ms());
  }

  std::string user;  // who asks; set before it is run
};

template <class Change>
concept with_quota = requires(Change& c) { c.quota(); };

// Whatever of a reply was good is turned into `why`. Replies are rows with a verdict, rows of such rows, or one verdict
// for all.
template <class Reply>
void refuse_all(Reply& reply, const controller::verdict& why) {
  if constexpr (requires { reply.outcome; }) {
    if (reply.outcome.ok()) reply.outcome = why;
  } else if constexpr (requires { reply.partitions; }) {
    for (auto& row : reply.partitions) refuse_all(row, why);
  } else {
    for (auto& row : reply) refuse_all(row, why);
  }
}

// `decide(change&, image, random)` yields a controller::decision<Reply>; it runs on shard 0. `answer(change&)` runs at
// home, with every verdict that was good turned bad if the records could not be committed.
template <class Change, class Decide, class Answer>
void run_change(std::unique_ptr<Change> c, Decide decide, Answer answer) {
  auto& home = c->r->home();
  auto* raw = c.get();
  if constexpr (with_quota<Change>) c->user = c->r->who().name;
  submit_metadata(
      home,
      [raw]([[maybe_unused]] shard_state& zero) {
        if constexpr (with_quota<Change>) raw->prepare(zero);
      },
      [raw, decide](const metadata::image& image, random_source& random) {
        auto decided = decide(*raw, image, random);
        raw->reply = std::move(decided.reply);
        raw->is_decided = true;
        return std::move(decided.records);
      },
      [c = std::move(c), decide, answer](result<void> outcome) mutable {
        if (!outcome) {
          // Refused before anything was decided: the rows of the answer are still wanted.
          auto& here = c->r->home();
          if (!c->is_decided) {
            // The budget is shard 0's.
            if constexpr (with_quota<Change>) c->budget.reset();
            c->reply = decide(*c, *here.image, here.random).reply;
          }
          const bool disk = outcome.error().code == errc::no_space || outcome.error().code == errc::io;
          const auto code = disk ? protocol::error_code::kafka_storage_error : protocol::error_code::not_controller;
          refuse_all(c->reply, controller::refuse(code, outcome.error().detail));
        }
        JD_ASSERT(c->is_decided || !outcome, c->r->api().name);
        if constexpr (with_quota<Change>) c->throttle();
        answer(*c);
      });
}

// The sentence of a verdict, kept alive by the request.
inline std::optional<std::string_view> sentence_of(request& r, const controller::verdict& v) {
  if (!v.message) return std::nullopt;
  return r.keep(*v.message);
}

}  // namespace jackdaw::broker
