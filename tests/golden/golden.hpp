// The frame of the golden tests: files of vectors, one JSON object a line; a family of files for each kind of vector.
// A source file that tests a family makes one static `family` and needs no other edit.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/bytes.hpp"

namespace jackdaw::golden {

using buffer = std::vector<std::byte>;

// What one vector showed: a vector fails when any of its expectations does.
class verdict {
 public:
  // Returns `holds`, so that a test can stop when the rest makes no sense.
  bool expect(bool holds, std::string_view what) {
    if (!holds) complaints_.emplace_back(what);
    return holds;
  }
  // The same with both values in the complaint.
  bool expect_equal(std::int64_t actual, std::int64_t expected, std::string_view what);
  bool expect_same(bytes_view actual, bytes_view expected, std::string_view what);
  // Objects in any order, integers exactly.
  bool expect_same(const boost::json::value& actual, const boost::json::value& expected, std::string_view what);

  const std::vector<std::string>& complaints() const noexcept { return complaints_; }

 private:
  std::vector<std::string> complaints_;
};

// Tests the files NAME.jsonl whose name starts with `prefix`.
struct family {
  using test = void (*)(const boost::json::object& vector, verdict& v);
  family(std::string_view prefix, test run);

  std::string_view prefix;
  test run;
};

// Null when nobody tests such a file.
const family* family_of(std::string_view file_name);

// Members of a vector; a missing member or one of another type is an exception that fails the vector.
buffer hex_member(const boost::json::object& vector, std::string_view name = "hex");
std::string text_member(const boost::json::object& vector, std::string_view name);
std::int64_t int_member(const boost::json::object& vector, std::string_view name);

std::string to_hex(bytes_view bytes);
buffer from_base64(std::string_view text);

}  // namespace jackdaw::golden
