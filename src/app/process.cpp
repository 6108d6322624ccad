#include "process.hpp"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

extern char** environ;

namespace jackdaw::app {

namespace {

constexpr int mib = 1024 * 1024;

// What the end of each thread's heap keeps.
std::atomic<int> trim_threshold{32 * mib};

sigset_t stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGHUP);
  return set;
}

// The quota of a control group in whole cores, rounded up; 0 when there is none.
std::size_t quota_cores() {
  std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "re");
  if (file == nullptr) return 0;
  long quota = 0;
  long period = 0;
  const int read = std::fscanf(file, "%ld %ld", &quota, &period);
  std::fclose(file);
  if (read != 2 || quota <= 0 || period <= 0) return 0;
  return static_cast<std::size_t>((quota + period - 1) / period);
}

}  // namespace

void prepare_process() {
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

std::size_t open_files_max() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 1024;
  return static_cast<std::size_t>(std::min<rlim_t>(files.rlim_cur, 1 << 24));
}

void tune_allocator(std::size_t threads) {
  // A frame of a megabyte taken from the system each time costs 250 page faults, more than receiving it.
  ::mallopt(M_MMAP_THRESHOLD, 4 * mib);
  // What each thread's heap keeps at its end: some frames of a megabyte for each shard, less when there are many.
  trim_threshold = std::clamp(128 * mib / static_cast<int>(threads), 4 * mib, 32 * mib);
  ::mallopt(M_TRIM_THRESHOLD, trim_threshold);
  ::mallopt(M_TOP_PAD, 256 * 1024);
  ::mallopt(M_ARENA_MAX, static_cast<int>(threads));
}

void give_back_memory() {
  // The threshold is the process's: a second thread would set it back before the first has freed anything.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  // malloc_trim leaves out the end of every heap but the main one. Freeing something that isn't small cuts off the end
  // of this thread's, if it is longer than the threshold.
  ::mallopt(M_TRIM_THRESHOLD, mib);
  void* volatile piece = std::malloc(mib / 4);  // volatile: or the compiler leaves out both calls
  std::free(piece);
  ::mallopt(M_TRIM_THRESHOLD, trim_threshold);
  ::malloc_trim(0);
}

std::string wait_for_stop_signal() {
  const sigset_t set = stop_signals();
  int number = 0;
  while (::sigwait(&set, &number) != 0) {
  }
  struct sigaction action {};
  action.sa_handler = [](int) { ::_exit(130); };
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) ::sigaction(s, &action, nullptr);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  return std::string("SIG") + ::sigabbrev_np(number);
}

std::size_t usable_cores() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  std::size_t cores = 1;
  if (::sched_getaffinity(0, sizeof cpus, &cpus) == 0) cores = static_cast<std::size_t>(std::max(CPU_COUNT(&cpus), 1));
  const std::size_t quota = quota_cores();
  return quota == 0 ? cores : std::min(cores, quota);
}

std::vector<std::pair<std::string, std::string>> environment_variables() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace jackdaw::app
