// Requests for the group coordinator: asked on shard 0, answered at home.
#pragma once

#include <utility>

#include "handlers.hpp"
#include "quorum/group_host.hpp"
#include "shard_state.hpp"

namespace jackdaw::broker {

// `ask(group_host&, request&, done)` runs on shard 0 and calls `done(Answer)` there once; `reply(request&, Answer&)`
// then runs at home. What `ask` captured may hold views into the request's frame.
template <class Answer, class Ask, class Reply>
void ask_coordinator(request_ptr r, Ask ask, Reply reply) {
  auto& home = r->home();
  if (home.id() == shard_id{0}) {
    auto& asked = *r;
    ask(*home.groups, asked,
        [r = std::move(r), reply = std::move(reply)](Answer answer) mutable { reply(*r, answer); });
    return;
  }
  home.env.post(shard_id{0}, [r = std::move(r), ask = std::move(ask), reply = std::move(reply),
                              to = home.id()](shard& s) mutable {
    auto& zero = s.state();
    auto& asked = *r;
    ask(*zero.groups, asked, [&zero, to, r = std::move(r), reply = std::move(reply)](Answer answer) mutable {
      zero.env.post(to, [r = std::move(r), reply = std::move(reply), answer = std::move(answer)](shard&) mutable {
        reply(*r, answer);
      });
    });
  });
}

}  // namespace jackdaw::broker
