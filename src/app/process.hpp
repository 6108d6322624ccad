// What concerns the process as such: signals, limits, memory, the machine.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace jackdaw::app {

// Before any thread starts: stop signals are held back for wait_for_stop_signal, broken pipes and files that may not
// grow are errors of the write, and as many files may be open as the system allows.
void prepare_process();
// How many files and connections this process may have open, after prepare_process().
std::size_t open_files_max();
// Makes malloc keep what a busy broker needs again at once, and give back the rest.
void tune_allocator(std::size_t threads);
// Gives back to the system what malloc kept for the calling thread, and what lies free elsewhere; takes milliseconds.
void give_back_memory();

// Waits for SIGTERM, SIGINT or SIGHUP and returns its name. From then on a second one ends the process at once.
std::string wait_for_stop_signal();

// Cores that this process may use, its control group's quota included; at least 1.
std::size_t usable_cores();
// Every variable, name and value.
std::vector<std::pair<std::string, std::string>> environment_variables();

}  // namespace jackdaw::app
