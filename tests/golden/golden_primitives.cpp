// varint, uuid, crc32c: what messages and record batches are made of.
#include "golden.hpp"
#include "hostile.hpp"
#include "jackdaw/base/crc32c.hpp"
#include "jackdaw/protocol/wire.hpp"

namespace jackdaw::golden {
namespace {

using namespace jackdaw::protocol;

std::int64_t read_number(reader& in, const std::string& type) {
  if (type == "uvarint") return in.uvarint();
  return type == "varint" ? in.varint() : in.varlong();
}

void write_number(writer& out, const std::string& type, std::int64_t value) {
  if (type == "uvarint") return out.uvarint(static_cast<std::uint64_t>(value));
  type == "varint" ? out.varint(static_cast<std::int32_t>(value)) : out.varlong(value);
}

void test_varint(const boost::json::object& vector, verdict& v) {
  const std::string type = text_member(vector, "type");
  const buffer bytes = hex_member(vector);
  reader in(bytes);
  const std::int64_t value = read_number(in, type);
  if (vector.contains("invalid")) {
    v.expect(!in.ok(), "accepted");
    return;
  }
  in.expect_end();
  if (!v.expect(in.ok(), std::string("refused: ") + name_of(in.status()))) return;
  v.expect_equal(value, int_member(vector, "value"), "the value");
  std::byte space[10];
  writer out(space);
  write_number(out, type, value);
  const bytes_view written(space, out.written());
  if (vector.contains("note")) {
    v.expect(written.size() <= bytes.size(), "the form that we write is longer");
  } else {
    v.expect_same(written, bytes, "encoded");
  }
  expect_prefixes_refused(
      bytes,
      [&](bytes_view b) {
        reader part(b);
        read_number(part, type);
        return part.ok();
      },
      v);
}

void test_uuid(const boost::json::object& vector, verdict& v) {
  const buffer bytes = hex_member(vector);
  reader in(bytes);
  const uuid id = in.uuid();
  in.expect_end();
  v.expect(in.ok(), "refused");
  const std::string text = text_member(vector, "base64");
  v.expect(to_string(id) == text, "printed as " + to_string(id));
  v.expect(parse_uuid(text) == id, "parsed as something else");
  std::byte space[16];
  writer out(space);
  out.uuid(id);
  v.expect_same(space, bytes, "encoded");
}

void test_crc32c(const boost::json::object& vector, verdict& v) {
  const buffer bytes = hex_member(vector);
  const std::int64_t expected = int_member(vector, "crc32c");
  v.expect_equal(crc32c(bytes), expected, "the sum");
  const bytes_view all(bytes);
  const std::size_t half = all.size() / 2;
  v.expect_equal(crc32c(all.subspan(half), crc32c(all.first(half))), expected, "the sum in two parts");
}

const family varints("varint", test_varint);
const family uuids("uuid", test_uuid);
const family crcs("crc32c", test_crc32c);

}  // namespace
}  // namespace jackdaw::golden
