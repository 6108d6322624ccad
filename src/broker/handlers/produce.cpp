// Produce: each partition's batch goes to the shard that owns the partition; the answer leaves when all are back.
#include <map>

#include "cluster_view.hpp"
#include "handlers.hpp"
#include "jackdaw/protocol/messages/produce.hpp"
#include "partitions/partition_jobs.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;
using protocol::produce_request;
using protocol::produce_response;
using answer_row = produce_response::partition_produce_response;

class produce_operation {
 public:
  explicit produce_operation(request_ptr r) : r_(std::move(r)) {}

  // Takes ownership of `op` where it goes on later.
  static void start(std::unique_ptr<produce_operation> op) {
    if (!op->r_->decode(op->asked_)) return;
    op->make_rows();
    const auto acks = op->asked_.acks;
    if (!op->asked_.transactional_id && op->has_transactional_records()) {
      // Without an id nobody may write to it.
      op->fail_all(error_code::transactional_id_authorization_failed);
    } else if (acks != 0 && acks != 1 && acks != -1) {
      op->fail_all(error_code::invalid_required_acks);
    } else {
      op->sort_by_owner();
    }
    if (op->jobs_.empty()) return op->finish();
    send_jobs(std::move(op));
  }

 private:
  // A row of the answer for each partition, in the order asked.
  void make_rows() {
    answer_.responses.reserve(asked_.topic_data.size());
    for (const auto& topic : asked_.topic_data) {
      auto& row = answer_.responses.emplace_back();
      row.name = topic.name;
      row.topic_id = topic.topic_id;
      row.partition_responses.resize(topic.partition_data.size());
      for (std::size_t i = 0; i < topic.partition_data.size(); ++i) {
        row.partition_responses[i].index = topic.partition_data[i].index;
        row.partition_responses[i].base_offset = offset{-1};
        rows_.push_back(&row.partition_responses[i]);
      }
    }
  }

  void fail_all(error_code code) {
    for (auto* row : rows_) row->error_code = code;
  }

  bool has_transactional_records() const {
    for (const auto& topic : asked_.topic_data) {
      for (const auto& part : topic.partition_data) {
        if (is_transactional(part)) return true;
      }
    }
    return false;
  }

  // By the first batch; that there is no other, and that it is sound, is looked at where it is appended.
  static bool is_transactional(const produce_request::partition_produce_data& part) {
    if (!part.records || part.records->size < protocol::batch_header_bytes) return false;
    const bytes_view bytes{part.records->data, part.records->size};
    return protocol::batch_view(bytes).magic() == protocol::batch_magic &&
           protocol::batch_view(bytes).is_transactional();
  }

  void sort_by_owner() {
    auto& home = r_->home();
    std::size_t at = 0;
    for (const auto& topic : asked_.topic_data) {
      const bool by_id = r_->version() >= 13;
      const auto* known = by_id ? home.image->find_topic(topic.topic_id) : home.image->find_topic(topic.name);
      const bool is_internal = is_internal_topic(known != nullptr ? std::string_view(known->name()) : topic.name);
      for (const auto& part : topic.partition_data) {
        auto& row = *rows_[at];
        if (is_internal) {
          row.error_code = error_code::invalid_topic_exception;
        } else if (known == nullptr) {
          row.error_code = by_id ? error_code::unknown_topic_id : error_code::unknown_topic_or_partition;
        } else if (!known->has(part.index)) {
          row.error_code = error_code::unknown_topic_or_partition;
        } else if (is_transactional(part)) {
          // Nobody coordinates transactions: none can have begun, and a batch of one would never be ended.
          row.error_code = error_code::invalid_txn_state;
          row.error_message = "no transaction is ongoing";
        } else {
          add_item(known->id(), part, at);
        }
        ++at;
      }
    }
    JD_ASSERT(at == rows_.size(), at, rows_.size());
  }

  void add_item(const uuid& topic_id, const produce_request::partition_produce_data& part, std::size_t at) {
    const shard_id owner = r_->home().owner_of(topic_id, part.index);
    auto& job = jobs_[owner];
    if (!job) {
      job = std::make_unique<append_job>();
      job->frame = r_->frame();
      job->wait_for_all = asked_.acks == -1;
      job->timeout_ms = asked_.timeout_ms;
      job->zstd_allowed = r_->version() >= 7;
    }
    auto& item = job->items.emplace_back();
    item.topic_id = topic_id;
    item.partition = part.index;
    item.answer_at = at;
    if (part.records) {
      // The frame is ours to write into; decoding showed it as const.
      item.records = {const_cast<std::byte*>(part.records->data), part.records->size};
    }
  }

  static void send_jobs(std::unique_ptr<produce_operation> owned) {
    auto* op = owned.release();  // owned by the jobs in flight: the last one back takes it over
    auto& home = op->r_->home();
    op->jobs_left_ = op->jobs_.size();
    for (auto& [owner, job] : std::exchange(op->jobs_, {})) {
      if (owner == home.id()) {
        job->done = [op](append_job_ptr filled) { op->take(std::move(filled)); };
        home.partitions.append(std::move(job));
      } else {
        post_job(home, owner, std::move(job), op);
      }
    }
  }

  static void post_job(shard_state& home, shard_id owner, append_job_ptr job, produce_operation* op) {
    home.env.post(owner, [job = std::move(job), op, to = home.id(), payer = op->r_->payer()](shard& s) mutable {
      auto& there = s.state();
      for (const auto& item : job->items) {
        JD_ASSERT(there.owner_of(item.topic_id, item.partition) == there.id(), item.partition.value());
      }
      const paid_time paid(there.quotas, std::move(payer));
      job->done = [op, to, &there](append_job_ptr filled) {
        there.env.post(to, [op, filled = std::move(filled)](shard&) mutable { op->take(std::move(filled)); });
      };
      there.partitions.append(std::move(job));
    });
  }

  void take(append_job_ptr filled) {
    JD_ASSERT(jobs_left_ != 0, filled->items.size());
    for (auto& item : filled->items) {
      JD_ASSERT(item.answer_at < rows_.size(), item.answer_at, rows_.size());
      auto& row = *rows_[item.answer_at];
      JD_ASSERT(row.index == item.partition, row.index.value(), item.partition.value());
      fill_row(row, item);
    }
    if (--jobs_left_ != 0) return;
    const std::unique_ptr<produce_operation> self(this);
    finish();
  }

  void fill_row(answer_row& row, append_item& item) {
    row.error_code = item.error;
    row.base_offset = item.base_offset;
    row.log_append_time_ms = item.log_append_time_ms;
    row.log_start_offset = item.log_start_offset;
    if (!item.error_message.empty()) row.error_message = r_->keep(std::move(item.error_message));
    for (auto& refusal : item.refusals) {
      auto& e = row.record_errors.emplace_back();
      e.batch_index = refusal.batch_index;
      e.batch_index_error_message = r_->keep(std::move(refusal.message));
    }
  }

  void finish() {
    JD_ASSERT(jobs_left_ == 0 && jobs_.empty(), jobs_left_, jobs_.size());
    r_->charge(security::quota_kind::produce, static_cast<double>(r_->frame()->size()));
    if (asked_.acks != 0) return r_->respond(answer_);
    for (const auto* row : rows_) {
      if (row->error_code == error_code::none) continue;
      // Without an answer, closing the connection is the only way to say that something went wrong.
      r_->close_connection("produce with acks=0 failed: " + std::string(protocol::name_of(row->error_code)));
      return;
    }
    r_->respond_nothing();
  }

  request_ptr r_;
  produce_request asked_;
  produce_response answer_;
  std::vector<answer_row*> rows_;  // of all topics, in order
  std::map<shard_id, append_job_ptr> jobs_;
  std::size_t jobs_left_ = 0;
};

}  // namespace

void handle_produce(request_ptr r) { produce_operation::start(std::make_unique<produce_operation>(std::move(r))); }

}  // namespace jackdaw::broker
