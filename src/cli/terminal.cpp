#include "jackdaw/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <utility>

namespace jackdaw::cli {

namespace {

constexpr std::chrono::milliseconds interval{500};
volatile std::sig_atomic_t interrupt_seen = 0;

void on_signal(int) { interrupt_seen = 1; }

}  // namespace

std::size_t terminal_width() {
  winsize size{};
  if (!::isatty(STDOUT_FILENO) || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

progress::progress() : is_terminal_(::isatty(STDERR_FILENO) != 0), next_(std::chrono::steady_clock::now() + interval) {}

progress::~progress() { clear(); }

bool progress::is_due() const { return is_terminal_ && std::chrono::steady_clock::now() >= next_; }

void progress::show(std::string_view text) {
  if (!is_terminal_) return;
  std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(text.size()), text.data());
  shown_ = true;
  next_ = std::chrono::steady_clock::now() + interval;
}

void progress::clear() {
  if (std::exchange(shown_, false)) std::fputs("\r\033[K", stderr);
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept { return interrupt_seen != 0; }

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace jackdaw::cli
