// How consume prints a record.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/protocol/json_printer.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::cli {

// A text with placeholders: %t topic, %p partition, %o offset, %k key, %v or %s value, %h headers, %T timestamp in
// milliseconds, %D timestamp as date and time, %K and %S sizes of key and value (-1 for null), %% a percent sign;
// and escapes as in \n.
class record_format {
 public:
  static result<record_format> parse(std::string_view text, std::string null_text);

  void append(std::string& out, std::string_view topic, partition_id partition,
              const protocol::record_view& record) const;

 private:
  struct piece {
    char placeholder = 0;  // 0: the literal
    std::string literal;
  };
  std::vector<piece> pieces_;
  std::string null_text_;
};

// One JSON object without line end: topic, partition, offset, timestamp, key, value, headers. Bytes that aren't UTF-8
// come as key_base64, value_base64.
void append_json(std::string& out, std::string_view topic, partition_id partition, const protocol::record_view& record);

// The members `key`, or `key`_base64 when the bytes aren't UTF-8.
void print_bytes(protocol::json_printer& out, const std::string& key, const std::optional<bytes_view>& bytes);

bool is_utf8(std::string_view text) noexcept;

}  // namespace jackdaw::cli
