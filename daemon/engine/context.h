// What every part of the engine may use. Everything is borrowed and outlives the parts. Thread: the engine.
#ifndef HFGET_DAEMON_ENGINE_CONTEXT_H_
#define HFGET_DAEMON_ENGINE_CONTEXT_H_

#include "absl/random/bit_gen_ref.h"
#include "daemon/base/clock.h"
#include "daemon/disk/disk.h"
#include "daemon/engine/config.h"
#include "daemon/engine/counters.h"
#include "daemon/engine/sources.h"
#include "daemon/engine/timers.h"
#include "daemon/net/http.h"
#include "daemon/store/store.h"

namespace hfget::engine {

struct Context {
  const EngineConfig& config;
  net::Client& client;
  disk::Disk& disk;
  store::StateStore& store;
  Clock& clock;
  Timers& timers;
  Sources& sources;
  absl::BitGenRef rng;
  Counters& counters;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_CONTEXT_H_
