// Requests for the group coordinator: asked on shard 0, answered at home.
#pragma once

#include <type_traits>
#include <utility>

#include "handlers.hpp"
#include "quorum/active_coordinator.hpp"
#include "shard_state.hpp"

namespace jackdaw::broker {

// What is answered where no coordinator is: clients look for it again. A code, or an answer with a code for the whole.
template <class Answer>
Answer no_coordinator() {
  if constexpr (std::is_same_v<Answer, protocol::error_code>) {
    return protocol::error_code::not_coordinator;
  } else {
    Answer a;
    a.error = protocol::error_code::not_coordinator;
    return a;
  }
}

// `ask(active_coordinator&, request&, done)` runs on shard 0 and calls `done(Answer)` there once; `reply(request&,
// Answer&)` then runs at home. What `ask` captured may hold views into the request's frame.
template <class Answer, class Ask, class Reply>
void ask_coordinator(request_ptr r, Ask ask, Reply reply) {
  auto& home = r->home();
  const auto ask_or_refuse = [](shard_state& zero, Ask& asking, request& asked, auto done) {
    auto* groups = zero.groups();
    if (groups == nullptr) return done(no_coordinator<Answer>());
    asking(*groups, asked, std::move(done));
  };
  if (home.id() == shard_id{0}) {
    auto& asked = *r;
    ask_or_refuse(home, ask, asked,
                  [r = std::move(r), reply = std::move(reply)](Answer answer) mutable { reply(*r, answer); });
    return;
  }
  home.env.post(shard_id{0}, [r = std::move(r), ask = std::move(ask), reply = std::move(reply), to = home.id(),
                              ask_or_refuse](shard& s) mutable {
    auto& zero = s.state();
    auto& asked = *r;
    ask_or_refuse(zero, ask, asked, [&zero, to, r = std::move(r), reply = std::move(reply)](Answer answer) mutable {
      zero.env.post(to, [r = std::move(r), reply = std::move(reply), answer = std::move(answer)](shard&) mutable {
        reply(*r, answer);
      });
    });
  });
}

}  // namespace jackdaw::broker
