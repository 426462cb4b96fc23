// How many connections one source may have now: doubled while that pays, taken back when it hurts.
// Rule: start at 2; when a window with all connections at work (for 70 % of its arrivals) carried 5 % more than the best
// before, double, after half a window, and after a quarter when it carried half as much again; when two did not, stay; when
// a step cost half of the sum, or a seventh in two windows, go back, stay, and end those above; on a loss, stall or 429, halve.
// Many servers (nginx's limit_rate) let every connection have a second's worth at once, and then one each second: what a short
// window saw may have been that. When the first whole window after it does not bear it out, the step is done again, and from then
// on whole windows alone decide.
// After 30 s of staying one step up is tried for 3 s and taken back when it brought nothing, so that a long pull does not
// creep up to the most that is allowed; after a trial that hurt, twice as long.
// Source: design.md "Racing"; FluxDown's rollback (reference/mirrors.md §5.3).
#ifndef HFGET_DAEMON_CORE_CONNECTION_LIMIT_H_
#define HFGET_DAEMON_CORE_CONNECTION_LIMIT_H_

#include <algorithm>

#include "absl/time/time.h"
#include "daemon/base/types.h"

namespace hfget::core {

class ConnectionLimit {
 public:
  static constexpr int kStart = 2;
  static constexpr absl::Duration kWindow = absl::Seconds(1);
  static constexpr absl::Duration kOneLoss = absl::Milliseconds(500);  // all within it are one
  static constexpr absl::Duration kRetryAfter = absl::Seconds(30);
  static constexpr absl::Duration kLongestRetryAfter = absl::Minutes(8);
  // After such a silence the window begins anew: there was no work, or a stall, which OnLoss tells.
  static constexpr absl::Duration kIdle = absl::Seconds(2);
  static constexpr int kFlatWindows = 2;
  static constexpr int kTrialWindows = 3;  // new connections over a long line need 2 s to show what they bring

  // `remembered`: the best count seen before on this data host; 0: none.
  explicit ConnectionLimit(int max, int remembered = 0);

  int Get() const { return limit_; }
  int max() const { return max_; }
  int best() const { return best_limit_; }

  // So many are best ended at once when there are `in_use`: those above a limit that was found to hurt.
  int Excess(int in_use) const { return crowded_ ? std::max(0, in_use - limit_) : 0; }

  // Body bytes as they arrive, with how many connections are in use at that moment; 0: a limit of this side holds them back. `first`: of a body; what connections
  // bring that have not begun is not known yet.
  void OnBytes(ByteCount bytes, int in_use, bool first, absl::Time now);
  // A loss: reset, stall or 429. Several within kOneLoss count once.
  void OnLoss(absl::Time now);

 private:
  // So much was carried that a whole window is not waited for.
  bool GrewEarly(absl::Time now) const;
  void EndWindow(absl::Time now);
  // Of the window so far. Units: bytes per second
  double Rate(absl::Time now) const;
  // What follows from a window with all connections busy. `whole`: it was not cut short by growth.
  void Judge(double rate, bool whole, absl::Time now);
  void Begin(absl::Time now);
  void Step(int to);
  void Settle(int at, absl::Time now);
  // From a step that hurt.
  void GoBack(absl::Time now);
  // From one that a burst had led to, or that hurt: which of them shows when it is done again.
  void StepAgain();

  int max_;
  int limit_;
  int best_limit_;       // with the highest sum so far
  double best_rate_ = 0;  // that sum. Units: bytes per second
  bool best_early_ = false;  // of a window that was cut short
  bool bursts_ = false;      // such a one has been wrong
  double usual_rate_ = 0;    // since it stays, an average; 0: of no window yet
  int begun_ = 0;        // connections that have shown something, as far as bodies that began tell
  int before_step_ = 0;  // limit before the last step up; 0: not just stepped
  bool trial_ = false;   // the last step was a try after a while of staying
  bool settled_ = false;
  bool crowded_ = false;  // the last step hurt
  bool less_ = false;     // the last window after a step carried less than before it
  absl::Time settled_at_;
  absl::Duration retry_after_ = kRetryAfter;
  absl::Time last_loss_ = absl::InfinitePast();
  bool window_open_ = false;
  absl::Time window_began_;
  absl::Time last_arrival_;
  ByteCount window_bytes_ = 0;
  int arrivals_ = 0;             // of bytes in this window
  int full_arrivals_ = 0;        // of these, with all connections in use
  int flat_windows_ = 0;         // full windows in a row that brought no growth
};

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_CONNECTION_LIMIT_H_
