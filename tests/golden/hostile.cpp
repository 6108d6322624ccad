#include "hostile.hpp"

#include <algorithm>
#include <random>

namespace jackdaw::golden {
namespace {

constexpr std::size_t prefixes_max = 2048;
constexpr std::size_t mutations = 64;

}  // namespace

void expect_prefixes_refused(bytes_view whole, const std::function<bool(bytes_view)>& is_accepted, verdict& v) {
  const std::size_t step = whole.size() / prefixes_max + 1;
  for (std::size_t size = 0; size < whole.size(); size += step) {
    const buffer prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    if (!v.expect(!is_accepted(prefix), "its first " + std::to_string(size) + " bytes are accepted")) return;
  }
}

void expect_mutations_survived(bytes_view whole, const std::function<std::string(bytes_view)>& complaint_about,
                               verdict& v) {
  if (whole.empty()) return;
  std::mt19937 random(static_cast<std::uint32_t>(whole.size()));
  constexpr std::uint8_t interesting[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
  for (std::size_t i = 0; i < mutations; ++i) {
    buffer changed(whole.begin(), whole.end());
    const std::size_t at = random() % changed.size();
    changed[at] = static_cast<std::byte>(i % 2 ? interesting[random() % std::size(interesting)] : random());
    // A run of ones is a negative or huge length wherever a length is.
    if (i % 4 == 0)
      std::fill_n(changed.begin() + static_cast<std::ptrdiff_t>(at), std::min<std::size_t>(3, changed.size() - at),
                  std::byte{0xff});
    const std::string complaint = complaint_about(changed);
    if (!v.expect(complaint.empty(), complaint + ", of the bytes " + to_hex(changed))) return;
  }
}

}  // namespace jackdaw::golden
