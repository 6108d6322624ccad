// One fetch from its request to its answer: reads what is there, and waits when that is too little.
//
//   reading --enough, an error, or nothing to wait for--> answered
//   reading --too little--> waiting --enough arrived, or max.wait.ms over--> reading again --> answered
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "clients/fetch_session.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "jackdaw/protocol/messages/fetch.hpp"
#include "partitions/partition_jobs.hpp"
#include "request.hpp"

namespace jackdaw::broker {

// Lives in shard_state::fetches of the connection's shard until it is answered or its connection closes.
class fetch_operation {
 public:
  fetch_operation(std::uint64_t id, request_ptr r) : id_(id), r_(std::move(r)) {}

  static void start(request_ptr r);

  // A read came back from the owner of some of the partitions.
  void take(read_job_ptr filled, shard_id owner);
  // Bytes that arrived at a watched partition.
  void data_arrived(std::int64_t bytes);
  // Tells the owners that nobody waits any more. Called when it is answered or its connection closes.
  void stop_waiting();

 private:
  void begin();
  bool open_session();
  bool update_session(fetch_session& session);
  void collect_targets();
  void read(bool may_wait);
  void round_done();
  bool must_answer_now() const;
  void wait();
  void end_wait();
  void limit_by_quota();
  void trim();
  bool is_over_quota();
  void answer_throttled();
  void charge_answer();
  void answer();
  void answer_error(protocol::error_code code);
  bool leave_out(const read_item& item, fetch_session::entry& sent) const;
  void add_row(read_item& item);
  void finish();  // destroys *this

  std::uint64_t id_;
  request_ptr r_;
  protocol::fetch_request asked_;
  protocol::fetch_response answer_;
  std::vector<file_slice> slices_;  // in the order of the answer's rows
  std::shared_ptr<fetch_session> session_;
  bool incremental_ = false;  // the answer names only what changed
  std::vector<read_item> items_;
  std::vector<shard_id> watching_;  // owners that will tell of data
  timer_queue::handle timer_;
  std::size_t jobs_left_ = 0;
  std::int64_t available_bytes_ = 0;
  std::int32_t min_bytes_ = 0;  // to wait for
  bool read_failed_ = false;    // an owner gave an error that the client must act on
  bool has_read_ = false;
  bool may_wait_ = false;
  bool waiting_ = false;
  time_point waits_since_;
  bool enough_arrived_ = false;  // while a read was still out
};

// Sends a read to the shard that owns its partitions; it comes back to the fetch, if that still waits for it.
void post_read(shard_state& home, shard_id owner, read_job_ptr job, const quota_payer& payer);
// No more news for this fetch.
void post_unwatch(shard_state& home, shard_id owner, fetch_key key);

}  // namespace jackdaw::broker
