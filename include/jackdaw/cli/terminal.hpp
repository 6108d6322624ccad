// What the program knows about where it writes to, progress on long work, and ^C.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace jackdaw::cli {

// Of standard output; 0 when it is no terminal.
std::size_t terminal_width();
std::size_t terminal_height();

// One line on standard error that is written over and over; silent when that is no terminal.
class progress {
 public:
  progress();
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  // Whether it is time to show something; building the text costs nothing else.
  bool is_due() const;
  void show(std::string_view text);
  void clear();

 private:
  bool is_terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

// While it lives, the terminal shows a screen of its own that is written over and over, and tells keys as they are
// pressed; without a terminal screens follow each other.
class screen {
 public:
  screen();
  ~screen();
  screen(const screen&) = delete;
  screen& operator=(const screen&) = delete;

  void show(std::string_view text);
  // To be polled for input; -1 when no keys can come.
  int keys() const noexcept { return has_keys_ ? 0 : -1; }
  // Takes what was typed; true when that means to stop.
  bool is_quit_pressed();

 private:
  bool is_terminal_;
  bool has_keys_ = false;
  termios before_{};
};

// From now on ^C and SIGTERM only set a flag, so that long work can end in order; the second one kills.
void catch_interrupts();
bool interrupted() noexcept;

// Milliseconds since 1970, for records.
std::int64_t wall_clock_ms();

}  // namespace jackdaw::cli
