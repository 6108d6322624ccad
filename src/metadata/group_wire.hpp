// The records of groups, to and from Protobuf. Private to records.cpp.
#pragma once

#include "jackdaw/metadata/group_records.hpp"

namespace jackdaw::metadata {

namespace wire {
class GroupStored;
class OffsetsCommitted;
class OffsetsRemoved;
class Record;
}  // namespace wire

void put(wire::Record& to, const group_stored& r);
void put(wire::Record& to, const group_removed& r);
void put(wire::Record& to, const offsets_committed& r);
void put(wire::Record& to, const offsets_removed& r);

group_stored get_group(const wire::GroupStored& from);
offsets_committed get_offsets(const wire::OffsetsCommitted& from);
offsets_removed get_offsets(const wire::OffsetsRemoved& from);

}  // namespace jackdaw::metadata
