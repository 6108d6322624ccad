// One file for each partition, appended to by plain write().
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"

namespace jackdaw::bench {

class partition_files {
 public:
  explicit partition_files(std::string folder) : folder_(std::move(folder)) {}
  ~partition_files();
  partition_files(const partition_files&) = delete;
  partition_files& operator=(const partition_files&) = delete;

  // Checks each batch's checksum, gives it its offset, writes all of them, and returns the first offset. Ends the
  // program when the bytes are no batches or the disk refuses: a benchmark has nothing to save.
  offset append(std::string_view topic, partition_id partition, mutable_bytes records);

 private:
  struct file {
    int descriptor = -1;
    offset next{0};
  };
  file& open_file(std::string_view topic, partition_id partition);

  std::string folder_;
  std::map<std::pair<std::string, partition_id>, file, std::less<>> files_;
  // The last one used: with few partitions a look-up by name would be a visible part of the work.
  std::string last_topic_;
  std::map<partition_id, file*> of_last_topic_;
};

}  // namespace jackdaw::bench
