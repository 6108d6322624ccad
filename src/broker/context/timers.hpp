// The waits of one shard.
#pragma once

#include "jackdaw/base/timer_queue.hpp"
