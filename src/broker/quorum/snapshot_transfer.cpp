#include "snapshot_transfer.hpp"

#include "jackdaw/base/assert.hpp"
#include "quorum.hpp"

namespace jackdaw::broker {

namespace {

constexpr std::size_t piece_bytes = 1 << 20;

}  // namespace

void snapshot_transfer::ended() {
  JD_ASSERT(on_workers_ > 0);
  --on_workers_;
  quorum_.go_on_closing();
}

void snapshot_transfer::send(const raft::ready::snapshot_send& piece) {
  struct attempt {
    raft::ready::snapshot_send piece;
    result<snapshot_bytes> outcome = snapshot_bytes{};
  };
  auto a = std::make_shared<attempt>(attempt{piece});
  ++on_workers_;
  home_.env.run_on_worker(
      work_class::quorum,
      [a, directory = quorum_.directory(), &disk = home_.disk()] {
        a->outcome = read_snapshot_bytes(disk, directory, a->piece.snapshot.position, a->piece.at_byte, piece_bytes);
      },
      [this, a] {
        if (a->outcome && quorum_.is_open() && quorum_.raft()->is_leader())
          quorum_.send(quorum_.raft()->snapshot_piece(a->piece, std::move(a->outcome->bytes), a->outcome->is_last));
        ended();
      });
}

void snapshot_transfer::take(raft::snapshot_request piece) {
  struct attempt {
    raft::snapshot_request piece;
    result<void> outcome{};
  };
  auto a = std::make_shared<attempt>(attempt{std::move(piece)});
  ++on_workers_;
  home_.env.run_on_worker(
      work_class::quorum,
      [a, directory = quorum_.directory(), &disk = home_.disk()] {
        a->outcome = keep_snapshot_bytes(disk, directory, a->piece.snapshot.position, a->piece.at_byte, a->piece.bytes);
      },
      [this, a] {
        taken(a->piece, a->outcome);
        ended();
      });
}

void snapshot_transfer::taken(const raft::snapshot_request& piece, const result<void>& outcome) {
  if (!quorum_.is_open()) return;
  if (!outcome) {
    home_.log(log_level::error, "a snapshot of the metadata can't be received: " + to_string(outcome.error()));
    quorum_.raft_->snapshot_refused(piece.snapshot.position, home_.now.steady);
  } else if (piece.last) {
    return install(piece.snapshot);
  } else {
    quorum_.raft_->snapshot_piece_written(piece.snapshot.position, piece.at_byte + piece.bytes.size(),
                                          home_.now.steady);
  }
  quorum_.pump();
}

// Durable, and under its name, before anybody is told.
void snapshot_transfer::install(const raft::snapshot_info& info) {
  struct attempt {
    raft::snapshot_info info;
    result<loaded_snapshot> outcome = fail(errc::closed, "nobody loaded it");
  };
  auto a = std::make_shared<attempt>(attempt{info});
  ++on_workers_;
  home_.env.run_on_worker(
      work_class::quorum,
      [a, directory = quorum_.directory(), &disk = home_.disk()] {
        a->outcome = finish_snapshot(disk, directory, a->info.position);
        if (a->outcome) static_cast<void>(remove_old_snapshots(disk, directory));  // else with the next one
      },
      [this, a] {
        if (!quorum_.is_open()) return ended();
        if (a->outcome) {
          quorum_.installed(std::move(*a->outcome));
        } else {
          home_.log(log_level::error, "a snapshot of the metadata can't be used: " + to_string(a->outcome.error()));
          quorum_.raft_->snapshot_refused(a->info.position, home_.now.steady);
          quorum_.pump();
        }
        ended();
      });
}

}  // namespace jackdaw::broker
