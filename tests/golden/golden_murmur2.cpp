// murmur2.jsonl: the hash that spreads keys over partitions.
#include <boost/json/object.hpp>
#include <charconv>

#include "golden.hpp"
#include "jackdaw/protocol/murmur2.hpp"

namespace jackdaw::golden {
namespace {

namespace json = boost::json;

void test_murmur2(const json::object& vector, verdict& v) {
  const buffer key = hex_member(vector);
  const std::int32_t hash = protocol::murmur2(key);
  v.expect_equal(hash, int_member(vector, "murmur2"), "hash");
  v.expect_equal(hash & 0x7fffffff, int_member(vector, "positive"), "positive hash");
  for (const auto& entry : vector.at("partition").as_object()) {
    const std::string_view digits = entry.key();
    std::int32_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    v.expect_equal(protocol::partition_of_key(key, count).value(), entry.value().to_number<std::int64_t>(), digits);
  }
}

const family murmur2_vectors{"murmur2", test_murmur2};

}  // namespace
}  // namespace jackdaw::golden
