#include "jackdaw/cli/record_format.hpp"

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/json_printer.hpp"

namespace jackdaw::cli {

namespace {

constexpr std::string_view placeholders = "tpokvshTDKS";

void append_or_null(std::string& out, const std::optional<bytes_view>& bytes, const std::string& null_text) {
  if (bytes) {
    out += as_text(*bytes);
  } else {
    out += null_text;
  }
}

std::string size_of(const std::optional<bytes_view>& bytes) { return bytes ? std::to_string(bytes->size()) : "-1"; }

}  // namespace

void print_bytes(protocol::json_printer& out, const std::string& key, const std::optional<bytes_view>& bytes) {
  if (!bytes) {
    out.key(key);
    out.null();
  } else if (is_utf8(as_text(*bytes))) {
    out.key(key);
    out.value(as_text(*bytes));
  } else {
    out.key(key + "_base64");
    out.value(*bytes);
  }
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + size > text.size()) return false;
    for (std::size_t k = 1; k < size; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    const unsigned char second = byte(i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second >= 0x90)) {
      return false;
    }
    i += size;
  }
  return true;
}

result<record_format> record_format::parse(std::string_view text, std::string null_text) {
  record_format out;
  out.null_text_ = std::move(null_text);
  std::string literal;
  const auto end_literal = [&]() -> result<void> {
    auto plain = unescape(literal);
    if (!plain) return plain.error();
    if (!plain->empty()) out.pieces_.push_back({0, std::move(*plain)});
    literal.clear();
    return {};
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      literal += text[i];
      if (text[i] == '\\' && i + 1 < text.size()) literal += text[++i];
      continue;
    }
    const char what = ++i < text.size() ? text[i] : '\0';
    if (what == '%') {
      literal += '%';
    } else if (what != '\0' && placeholders.find(what) != std::string_view::npos) {
      if (auto done = end_literal(); !done) return done.error();
      out.pieces_.push_back({what, {}});
    } else {
      return fail(errc::invalid_argument, "the format has " +
                                              (what == '\0' ? "a % at its end" : std::string("%") + what) +
                                              "; there are %t %p %o %k %v %s %h %T %D %K %S and %%");
    }
  }
  if (auto done = end_literal(); !done) return done.error();
  return out;
}

void record_format::append(std::string& out, std::string_view topic, partition_id partition,
                           const protocol::record_view& record) const {
  for (const piece& p : pieces_) {
    switch (p.placeholder) {
      case 0: out += p.literal; break;
      case 't': out += topic; break;
      case 'p': out += std::to_string(partition.value()); break;
      case 'o': out += std::to_string(record.offset.value()); break;
      case 'k': append_or_null(out, record.key, null_text_); break;
      case 'v':
      case 's': append_or_null(out, record.value, null_text_); break;
      case 'T': out += std::to_string(record.timestamp.value); break;
      case 'D': out += format_time(record.timestamp.value); break;
      case 'K': out += size_of(record.key); break;
      case 'S': out += size_of(record.value); break;
      case 'h': {
        bool first = true;
        for (const auto& header : record.headers) {
          if (!std::exchange(first, false)) out += ',';
          out += header.key;
          out += '=';
          append_or_null(out, header.value, null_text_);
        }
        break;
      }
      default: break;
    }
  }
}

void append_json(std::string& out, std::string_view topic, partition_id partition,
                 const protocol::record_view& record) {
  protocol::json_printer json;
  json.begin_object();
  json.key("topic");
  json.value(topic);
  json.key("partition");
  json.value(partition);
  json.key("offset");
  json.value(record.offset);
  json.key("timestamp");
  json.value(record.timestamp.value);
  print_bytes(json, "key", record.key);
  print_bytes(json, "value", record.value);
  json.key("headers");
  json.begin_array();
  for (const auto& header : record.headers) {
    json.begin_object();
    json.key("key");
    json.value(header.key);
    print_bytes(json, "value", header.value);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += json.text();
}

}  // namespace jackdaw::cli
