// How the progress of a pull, or of a bench, is shown while somebody waits for it. Thread: the one that
// follows it.
#ifndef HFGET_CLI_VIEW_H_
#define HFGET_CLI_VIEW_H_

#include <memory>
#include <ostream>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/bench_run.h"
#include "cli/term.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

template <typename State>
class ViewOf {
 public:
  virtual ~ViewOf() = default;

  virtual void Update(const State& state, absl::Time now) = 0;
  // Called again at NextTick() or earlier.
  virtual void Tick(absl::Time now) {}
  virtual absl::Time NextTick() const { return absl::InfiniteFuture(); }
  // One line that stays, e.g. a notice of the hub.
  virtual void Say(absl::string_view line) = 0;
  // The terminal has another size.
  virtual void Resized() {}
  // The terminal was in other hands (Ctrl-Z, fg).
  virtual void Resumed() {}
  // Takes away what should not stay.
  virtual void Finish() {}
};

using View = ViewOf<v1::Pull>;
using BenchView = ViewOf<BenchRun>;

// Bars, redrawn at most ten times a second.
std::unique_ptr<View> MakeBarView(std::ostream* err, const Terminal& terminal);
std::unique_ptr<BenchView> MakeBenchBarView(std::ostream* err, const Terminal& terminal);
// A line every 5 s, the first after 1 s.
std::unique_ptr<View> MakeLineView(std::ostream* err, bool unicode, absl::Time now);
std::unique_ptr<BenchView> MakeBenchLineView(std::ostream* err, bool unicode, absl::Time now);
// Nothing but the lines that stay, and not even those when `quiet`.
std::unique_ptr<View> MakeSilentView(std::ostream* err, bool quiet);
std::unique_ptr<BenchView> MakeBenchSilentView(std::ostream* err, bool quiet);
// One JSON object a snapshot on `out`; lines that stay go to `err`.
std::unique_ptr<View> MakeJsonView(std::ostream* out, std::ostream* err);

}  // namespace hfget::cli

#endif  // HFGET_CLI_VIEW_H_
