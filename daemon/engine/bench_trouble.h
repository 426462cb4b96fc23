// What went wrong with a request of a bench, as its source is told of it.
#ifndef HFGET_DAEMON_ENGINE_BENCH_TROUBLE_H_
#define HFGET_DAEMON_ENGINE_BENCH_TROUBLE_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "daemon/core/failure.h"
#include "daemon/engine/fetch.h"

namespace hfget::engine {

struct BenchTrouble {
  core::Failure failure = core::Failure::kNone;  // kNone: nothing went wrong, and the rest says nothing
  std::string why;                               // one line
  std::optional<absl::Duration> rest;            // 429, 503
  std::string host;                              // the data host that did it; empty: the hub
  bool cut = false;                              // it broke after it had done well

  bool any() const { return failure != core::Failure::kNone; }
};

// Whom it is blamed on.
inline std::string BlamedHost(const Target& target) { return target.data_host ? target.url.HostAndPort() : ""; }

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BENCH_TROUBLE_H_
