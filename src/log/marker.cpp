#include "marker.hpp"

namespace jackdaw::log {

result<std::optional<transaction_marker>> parse_marker(const protocol::batch_view& batch,
                                                       protocol::record_reader& reader) {
  if (!batch.is_control() || !batch.has_producer_id()) return std::optional<transaction_marker>{};
  if (auto opened = reader.open(batch); !opened) return opened.error();
  protocol::record_view record;
  auto more = reader.next(record);
  if (!more) return more.error();
  if (!*more) return std::optional<transaction_marker>{};
  auto key = protocol::parse_control_key(record);
  if (!key) return key.error();
  const auto type = static_cast<protocol::control_type>(key->type);
  if (type != protocol::control_type::abort && type != protocol::control_type::commit) {
    return std::optional<transaction_marker>{};
  }
  auto coordinator_epoch = protocol::parse_marker_coordinator_epoch(record);
  if (!coordinator_epoch) return coordinator_epoch.error();
  return std::optional{transaction_marker{batch.producer_id(), batch.producer_epoch(),
                                          type == protocol::control_type::commit, *coordinator_epoch, record.offset,
                                          record.timestamp}};
}

}  // namespace jackdaw::log
