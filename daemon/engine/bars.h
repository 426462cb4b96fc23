// Which sources are not asked for one file, until when, and what to tell people when nobody is left.
#ifndef HFGET_DAEMON_ENGINE_BARS_H_
#define HFGET_DAEMON_ENGINE_BARS_H_

#include <map>

#include "absl/time/time.h"
#include "daemon/core/failure.h"
#include "daemon/core/scheduler.h"
#include "daemon/engine/api.h"

namespace hfget::engine {

struct Bar {
  absl::Time until;
  core::Failure failure;
  PullError error;

  // Nobody need wait for it: it never ends, or somebody who is believed has said no.
  bool final() const {
    return until == absl::InfiniteFuture() || error.cause != core::ErrorCause::kNoSource;
  }
};

// Bars that end come again for twice as long, so that a source that has a bad minute serves the file after it, and one that
// never will is seldom asked. Thread: the engine.
class Bars {
 public:
  // Takes the consequence that concerns this file. True: the source is barred from now on.
  bool OnFailure(core::SourceIndex source, core::Failure failure, PullError error, absl::Time now);
  // Bytes of the file came.
  void OnBytes(core::SourceIndex source) { counts_[source].expired_links = 0; }

  // nullptr: it may be asked.
  const Bar* Find(core::SourceIndex source, absl::Time now) const;

 private:
  struct Counts {
    int expired_links = 0;  // in a row
    int absences = 0;
    int wrong_answers = 0;
  };

  // How long, if at all.
  absl::Duration LengthOf(core::Failure failure, Counts& counts) const;

  std::map<core::SourceIndex, Bar> bars_;
  std::map<core::SourceIndex, Counts> counts_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_BARS_H_
