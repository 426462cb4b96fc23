#include "cli/view.h"

#include <optional>

#include "cli/bench_text.h"
#include "cli/json.h"
#include "cli/pull_text.h"
#include "cli/render.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

std::vector<std::string> Frame(const v1::Pull& pull, const RenderStyle& style, absl::Time now) {
  return RenderPull(pull, style, now);
}
std::vector<std::string> Frame(const BenchRun& run, const RenderStyle& style, absl::Time) { return RenderBench(run, style); }

std::string Line(const v1::Pull& pull, bool unicode, absl::Time now) { return ProgressText(pull, unicode, now); }
std::string Line(const BenchRun& run, bool, absl::Time) { return BenchProgressText(run); }

template <typename State>
class SilentView : public ViewOf<State> {
 public:
  SilentView(std::ostream* err, bool quiet) : err_(*err), quiet_(quiet) {}

  void Update(const State&, absl::Time) override {}
  void Say(absl::string_view line) override {
    if (!quiet_) err_ << Printable(line) + "\n" << std::flush;
  }

 private:
  std::ostream& err_;
  const bool quiet_;
};

class JsonView : public SilentView<v1::Pull> {
 public:
  JsonView(std::ostream* out, std::ostream* err) : SilentView(err, /*quiet=*/false), out_(*out) {}

  void Update(const v1::Pull& pull, absl::Time now) override {
    out_ << PullJson(pull) + "\n" << std::flush;
  }

 private:
  std::ostream& out_;
};

template <typename State>
class LineView : public SilentView<State> {
 public:
  static constexpr absl::Duration kFirst = absl::Seconds(1);
  static constexpr absl::Duration kEvery = absl::Seconds(5);

  LineView(std::ostream* err, bool unicode, absl::Time now)
      : SilentView<State>(err, /*quiet=*/false), unicode_(unicode), next_(now + kFirst) {}

  void Update(const State& state, absl::Time) override { newest_ = state; }
  void Tick(absl::Time now) override {
    if (now < next_) return;
    next_ = now + kEvery;
    if (newest_ && !IsOver(*newest_)) this->Say(Line(*newest_, unicode_, now));
  }
  absl::Time NextTick() const override { return next_; }

 private:
  const bool unicode_;
  absl::Time next_;
  std::optional<State> newest_;
};

template <typename State>
class BarView : public ViewOf<State> {
 public:
  static constexpr absl::Duration kMinInterval = absl::Milliseconds(100);
  // Without news too: the clock of a line that waits goes on, and a resize between snapshots shows.
  static constexpr absl::Duration kMaxInterval = absl::Seconds(1);

  BarView(std::ostream* err, const Terminal& terminal)
      : err_(*err), terminal_(terminal), screen_(err) {}
  ~BarView() override { screen_.Clear(terminal_.size().width); }

  void Update(const State& state, absl::Time) override {
    newest_ = state;
    dirty_ = true;
  }
  void Tick(absl::Time now) override {
    if (!newest_ || now < NextTick()) return;
    const TerminalSize size = terminal_.size();
    screen_.Draw(Frame(*newest_, {size.width, size.height, terminal_.color, terminal_.unicode}, now), size.width);
    drawn_ = now;
    dirty_ = false;
  }
  absl::Time NextTick() const override { return drawn_ + (dirty_ ? kMinInterval : kMaxInterval); }
  void Say(absl::string_view line) override {
    screen_.Clear(terminal_.size().width);
    err_ << Printable(line) + "\n" << std::flush;
    dirty_ = true;
  }
  void Resized() override { dirty_ = true; }
  void Resumed() override { screen_.Forget(); }
  void Finish() override { screen_.Clear(terminal_.size().width); }

 private:
  std::ostream& err_;
  const Terminal terminal_;
  Screen screen_;
  std::optional<State> newest_;
  bool dirty_ = false;
  absl::Time drawn_ = absl::UnixEpoch();
};

}  // namespace

std::unique_ptr<View> MakeBarView(std::ostream* err, const Terminal& terminal) {
  return std::make_unique<BarView<v1::Pull>>(err, terminal);
}
std::unique_ptr<BenchView> MakeBenchBarView(std::ostream* err, const Terminal& terminal) {
  return std::make_unique<BarView<BenchRun>>(err, terminal);
}

std::unique_ptr<View> MakeLineView(std::ostream* err, bool unicode, absl::Time now) {
  return std::make_unique<LineView<v1::Pull>>(err, unicode, now);
}
std::unique_ptr<BenchView> MakeBenchLineView(std::ostream* err, bool unicode, absl::Time now) {
  return std::make_unique<LineView<BenchRun>>(err, unicode, now);
}

std::unique_ptr<View> MakeSilentView(std::ostream* err, bool quiet) {
  return std::make_unique<SilentView<v1::Pull>>(err, quiet);
}
std::unique_ptr<BenchView> MakeBenchSilentView(std::ostream* err, bool quiet) {
  return std::make_unique<SilentView<BenchRun>>(err, quiet);
}

std::unique_ptr<View> MakeJsonView(std::ostream* out, std::ostream* err) {
  return std::make_unique<JsonView>(out, err);
}

}  // namespace hfget::cli
