#include "daemon/engine/verification.h"

#include <algorithm>
#include <utility>

#include "daemon/engine/pull_target.h"

namespace hfget::engine {
namespace {

// Long enough that the hops between threads cost nothing, short enough that a pull's writes hardly wait.
constexpr ByteCount kTurnBytes = 32 * kMiB;
constexpr size_t kTurnFiles = 128;
// Files at once: more threads than that the pool does not have.
constexpr int kLanes = 2;
constexpr absl::Duration kTellEvery = absl::Milliseconds(500);
constexpr absl::Duration kWaitForReader = absl::Milliseconds(50);

}  // namespace

Verification::Verification(Context& context, Racer& racer, Prober& prober, PullSpec spec, StartPull start, std::weak_ptr<VerifySink> sink,
                           absl::AnyInvocable<void()> done)
    : context_(context),
      spec_(std::move(spec)),
      start_(std::move(start)),
      sink_(std::move(sink)),
      done_(std::move(done)),
      read_(context, racer, prober, spec_, ManifestRead::Which::kAsPulled, [this](ManifestAnswer manifest) { OnManifest(std::move(manifest)); },
            [this](PullError error) {
              if (const auto sink = sink_.lock()) sink->OnError(error);
              done_();
            }) {
  if (spec_.cache_dir.empty()) spec_.cache_dir = DefaultCache(spec_.repo, context_.config);
}

void Verification::Begin() { read_.Begin(); }

void Verification::OnManifest(ManifestAnswer manifest) {
  layout_ = LayoutOf(spec_, manifest.pull.commit);
  // What is repaired is the commit that was pulled, whatever the name stands for by now. Where nothing was pulled under the name, its pull says
  // what it stands for. ModelScope knows no commits.
  if (spec_.repo.hub == hub::Hub::kHuggingFace && !read_.commit_as_pulled().empty()) spec_.revision = read_.commit_as_pulled();
  files_ = manifest.files;
  todo_ = files_.files;
  if (const auto sink = sink_.lock()) sink->OnManifest(std::move(manifest));
  rate_.Start(context_.clock.Steady());
  GoThrough();
}

void Verification::GoThrough() {
  next_ = 0;
  for (int i = 0; i < kLanes; ++i) Go({});
  if (lanes_ == 0) OnAllRead();
}

void Verification::Go(Turn before) {
  auto turn = std::make_shared<Turn>();
  turn->check = std::move(before.check);
  turn->files = std::move(before.files);
  if (turn->check != nullptr) turn->carried = turn->check->read();
  // A large one has the turn for itself, so that the other lane takes what comes next.
  ByteCount bytes = turn->check != nullptr || !turn->files.empty() ? kTurnBytes : 0;
  while (next_ < todo_.size() && bytes < kTurnBytes && turn->files.size() < kTurnFiles) {
    bytes += todo_[next_]->size;
    turn->files.push_back(todo_[next_++]);
  }
  if (turn->check == nullptr && turn->files.empty()) return;
  ++lanes_;
  context_.disk.Run(
      [turn, layout = layout_, owners = files_.owners, distrust = held_ != nullptr](FileSystem& fs) {
        return Work(fs, *layout, distrust, *turn);
      },
      lifetime_.Guard([this, turn](absl::Status) { OnTurn(turn); }));
}

absl::Status Verification::Work(FileSystem& fs, layout::Layout& layout, bool distrust, Turn& turn) {
  size_t next = 0;
  while (turn.read < kTurnBytes && (turn.check != nullptr || next < turn.files.size())) {
    if (turn.check == nullptr) turn.check = std::make_unique<FileCheck>(*turn.files[next++], distrust);
    const ByteCount before = turn.check->read();
    const bool known = turn.check->Advance(fs, layout, kTurnBytes - turn.read);
    turn.read += turn.check->read() - before;
    if (!known) continue;
    turn.verdicts.push_back(turn.check->verdict());
    turn.kept.Update(turn.check->kept());
    turn.check.reset();
  }
  turn.files.erase(turn.files.begin(), turn.files.begin() + static_cast<ptrdiff_t>(next));
  return absl::OkStatus();
}

void Verification::OnTurn(std::shared_ptr<Turn> turn) {
  const auto sink = sink_.lock();
  if (sink == nullptr) return std::exchange(over_, true) ? void() : done_();
  if (held_ == nullptr && sink->Behind()) {
    // It is told no faster than it takes it in.
    context_.timers.At(context_.clock.Steady() + kWaitForReader, lifetime_.Guard([this, turn = std::move(turn)] { OnTurn(turn); }));
    return;
  }
  --lanes_;
  summary_.checked += turn->read;
  held_ == nullptr ? OnRead(*sink, *turn) : summary_.repair_status.Update(turn->kept);
  Go(std::move(*turn));
  if (lanes_ == 0) OnAllRead();
}

void Verification::OnRead(VerifySink& sink, Turn& turn) {
  for (const FileVerdict& verdict : turn.verdicts) Count(verdict);
  unfinished_ += (turn.check != nullptr ? turn.check->read() : 0) - turn.carried;
  rate_.Add(turn.read, context_.clock.Steady());
  if (!turn.verdicts.empty()) sink.OnVerdicts(std::move(turn.verdicts));
  TellProgress();
}

void Verification::Count(const FileVerdict& verdict) {
  using Verdict = FileVerdict::Verdict;
  ++progress_.files;
  progress_.checked += verdict.file->size;  // whether it was there or not
  switch (verdict.verdict) {
    case Verdict::kGood:
      ++summary_.good;
      break;
    case Verdict::kNoHash:
      ++summary_.no_hash;
      break;
    default:
      ++summary_.bad;
      if (!verdict.found_path.empty()) bad_.push_back(verdict.file);
  }
}

void Verification::TellProgress() {
  const absl::Time now = context_.clock.Steady();
  if (now - told_ < kTellEvery) return;
  told_ = now;
  VerifyProgress shown = progress_;
  shown.checked += unfinished_;
  shown.rate_per_sec = static_cast<ByteCount>(rate_.PerSecond(now));
  if (const auto sink = sink_.lock()) sink->OnProgress(shown);
}

void Verification::OnAllRead() {
  if (summary_.bad == 0 || start_ == nullptr) return Conclude();
  if (held_ != nullptr) return Repair();
  held_ = sink_.lock();
  if (held_ == nullptr) return done_();
  todo_ = std::move(bad_);
  GoThrough();
}

void Verification::Repair() {
  start_(spec_, lifetime_.Guard([this](absl::StatusOr<PullStarted> started) {
    if (started.ok()) summary_.repair = std::move(started->pull);
    summary_.repair_status.Update(started.status());
    Conclude();
  }));
}

void Verification::Conclude() {
  if (const auto sink = sink_.lock()) sink->OnSummary(summary_);
  done_();
}

}  // namespace hfget::engine
