// What the program knows about where it writes to, progress on long work, and ^C.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace jackdaw::cli {

// Of standard output; 0 when it is no terminal.
std::size_t terminal_width();

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

// From now on ^C and SIGTERM only set a flag, so that long work can end in order; the second one kills.
void catch_interrupts();
bool interrupted() noexcept;

// Milliseconds since 1970, for records.
std::int64_t wall_clock_ms();

}  // namespace jackdaw::cli
