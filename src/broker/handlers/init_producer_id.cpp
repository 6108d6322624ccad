// InitProducerId for idempotent producers (KIP-98): an id that nobody had before. Ids come in blocks from the
// controller; each shard hands out its own.
#include "jackdaw/protocol/messages/init_producer_id.hpp"
#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/controller/brokers.hpp"
#include "metadata_submit.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;
using protocol::init_producer_id_response;

void answer_with_next(request& r) {
  auto& block = r.home().producer_ids;
  JD_ASSERT(block.next < block.end, block.next.value(), block.end.value());
  init_producer_id_response answer;
  answer.producer_id = block.next;
  answer.producer_epoch = producer_epoch{0};
  ++block.next;
  r.respond(answer);
}

void answer_error(request& r, error_code code) {
  init_producer_id_response answer;
  answer.error_code = code;
  answer.producer_id = producer_id{};
  answer.producer_epoch = producer_epoch{};
  r.respond(answer);
}

// Runs everybody who waited for the block that came, or failed to come.
void block_arrived(shard_state& home, result<void> outcome, const producer_id_block& got) {
  auto& block = home.producer_ids;
  // What it had before is spent: no id is given twice, and none is dropped.
  JD_ASSERT(block.requested && block.next >= block.end, block.next.value(), block.end.value());
  block.requested = false;
  if (outcome) {
    JD_ASSERT(got.next >= block.end && got.next < got.end, got.next.value(), got.end.value(), block.end.value());
    block.next = got.next;
    block.end = got.end;
  }
  for (auto& waiting : std::exchange(block.waiting, {})) {
    if (!outcome) {
      answer_error(*waiting, error_code::coordinator_load_in_progress);
    } else if (block.next < block.end) {
      answer_with_next(*waiting);
    } else {
      handle_init_producer_id(std::move(waiting));
    }
  }
}

void request_block(shard_state& home) {
  auto got = std::make_unique<producer_id_block>();
  auto* into = got.get();
  submit_metadata(
      home,
      [into, node = home.node_id()](const metadata::image& image, random_source&) {
        const auto* self = image.find_broker(node);
        auto decided = controller::allocate_producer_ids(image, node, self ? self->epoch : broker_epoch{});
        into->next = decided.reply.first;
        into->end = decided.reply.first + decided.reply.count;
        return std::move(decided.records);
      },
      [&home, got = std::move(got)](result<void> outcome) {
        if (outcome && got->next == got->end) outcome = fail(errc::not_leader, "this broker is not registered");
        block_arrived(home, std::move(outcome), *got);
      });
}

}  // namespace

void handle_init_producer_id(request_ptr r) {
  protocol::init_producer_id_request asked;
  if (!r->decode(asked)) return;
  auto& home = r->home();
  if (asked.transactional_id) {
    const bool empty = asked.transactional_id->empty();
    return answer_error(*r, empty ? error_code::invalid_request : error_code::coordinator_not_available);
  }
  auto& block = home.producer_ids;
  if (block.next < block.end) return answer_with_next(*r);
  block.waiting.push_back(std::move(r));
  if (std::exchange(block.requested, true)) return;
  request_block(home);
}

}  // namespace jackdaw::broker
