#include "jackdaw/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
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

std::size_t terminal_height() {
  winsize size{};
  if (!::isatty(STDOUT_FILENO) || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_row;
}

screen::screen() : is_terminal_(::isatty(STDOUT_FILENO) != 0) {
  if (!is_terminal_) return;
  if (::isatty(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    has_keys_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  std::fputs("\033[?1049h\033[?25l", stdout);  // another screen, no cursor
}

screen::~screen() {
  if (!is_terminal_) return;
  std::fputs("\033[?25h\033[?1049l", stdout);
  std::fflush(stdout);
  if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void screen::show(std::string_view text) {
  if (is_terminal_) std::fputs("\033[H", stdout);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::fwrite(text.data(), 1, end, stdout);
    const bool is_last = end + 1 >= text.size();
    if (is_terminal_) std::fputs("\033[K", stdout);
    if (!is_terminal_ || !is_last) std::fputc('\n', stdout);  // a line end below the last line would scroll
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (is_terminal_) std::fputs("\033[J", stdout);
  std::fflush(stdout);
}

bool screen::is_quit_pressed() {
  char typed[16];
  const ssize_t got = has_keys_ ? ::read(STDIN_FILENO, typed, sizeof typed) : 0;
  for (ssize_t i = 0; i < got; ++i) {
    if (typed[i] == 'q' || typed[i] == 'Q') return true;
  }
  return false;
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
