#include "daemon/engine/bench_sampler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hfget::engine {
namespace {

constexpr absl::Duration kTellEvery = absl::Milliseconds(250);
constexpr absl::Duration kStall = absl::Seconds(10);
constexpr absl::Duration kNoFirstByte = absl::Seconds(30);
// A pull has all buffers: one is free again soon.
constexpr absl::Duration kBufferWait = absl::Milliseconds(5);

}  // namespace

BenchSampler::BenchSampler(Context& context, Wish wish, absl::AnyInvocable<void(const core::BenchCurve&)> tell,
                           absl::AnyInvocable<void(Result)> done)
    : context_(context),
      wish_(std::move(wish)),
      tell_(std::move(tell)),
      done_(std::move(done)),
      fetches_(static_cast<size_t>(wish_.connections)),
      resolved_anew_(fetches_.size()),
      asked_at_(context.clock.Steady()) {
  for (int i = 0; i < wish_.connections; ++i) Begin(i, false);
  context_.timers.At(asked_at_ + kTellEvery, lifetime_.Guard([this] { Tick(); }));
}

BenchSampler::~BenchSampler() = default;

// Whole pieces; where there are fewer than connections, each takes the whole file.
ByteRange BenchSampler::PartOf(int connection) const {
  const PieceIndex pieces = (wish_.file->size + kPieceBytes - 1) / kPieceBytes;
  if (pieces < wish_.connections) return {0, wish_.file->size};
  const auto bound = [&](int i) { return std::min(wish_.file->size, pieces * i / wish_.connections * kPieceBytes); };
  return {bound(connection), connection + 1 == wish_.connections ? wish_.file->size : bound(connection + 1)};
}

void BenchSampler::Begin(int connection, bool anew) {
  const bool resolved = !anew && wish_.target.data_host && wish_.target.expires > context_.clock.Wall() + wish_.duration;
  FetchJob job;
  job.flight = static_cast<core::FlightId>(connection);
  job.source = wish_.source;
  job.file = wish_.file;
  job.commit = wish_.commit;
  job.resolved = resolved;
  job.range = PartOf(connection);
  job.token = wish_.token;
  if (resolved) {
    job.target = wish_.target;
  } else {
    job.target.url = wish_.resolve;
  }
  auto& fetch = fetches_[static_cast<size_t>(connection)];
  fetch = std::make_unique<Fetch>(context_, std::move(job), *this);
  fetch->Start();
}

void BenchSampler::OnBytes(Fetch&, ByteCount received, ByteCount) {
  if (over_) return;
  const absl::Time now = context_.clock.Steady();
  if (!result_.curve) {
    result_.curve.emplace(now);
    cpu_at_begin_ = context_.clock.ThreadCpu();
    context_.timers.At(now + wish_.duration, lifetime_.Guard([this] { Finish(); }));
  }
  result_.curve->Add(received, now);
  context_.sources.at(wish_.source).stats.OnBytes(received, now);
  if (result_.curve->bytes() < wish_.bytes) return;
  // Not from within a fetch.
  over_ = true;
  result_.end = now;
  result_.cpu = context_.clock.ThreadCpu() - cpu_at_begin_;
  context_.timers.At(now, lifetime_.Guard([this] { Finish(); }));
}

void BenchSampler::OnPaused(Fetch& fetch) {
  const auto connection = static_cast<size_t>(fetch.flight());
  context_.timers.At(context_.clock.Steady() + kBufferWait, lifetime_.Guard([this, connection] {
    if (fetches_[connection] != nullptr) fetches_[connection]->Unpause();
  }));
}

void BenchSampler::OnEnd(Fetch& fetch, FetchResult result) {
  const int connection = static_cast<int>(fetch.flight());
  const bool failed = result.failure != core::Failure::kNone;
  const bool expired = result.failure == core::Failure::kLinkExpired && !std::exchange(resolved_anew_[static_cast<size_t>(connection)], 1);
  if (failed && !expired) {
    result_.error = std::move(result.why);
    if (result.rest) result_.rest = result.rest;
  }
  // The fetch is in the midst of its end.
  context_.timers.At(context_.clock.Steady(), lifetime_.Guard([this, connection, failed, expired] {
    if (over_) return;
    if (!failed || expired) return Begin(connection, expired);
    fetches_[static_cast<size_t>(connection)].reset();
    if (std::all_of(fetches_.begin(), fetches_.end(), [](const auto& other) { return other == nullptr; })) Finish();
  }));
}

void BenchSampler::Tick() {
  if (over_) return;
  const absl::Time now = context_.clock.Steady();
  for (const auto& fetch : fetches_) {
    if (fetch != nullptr) fetch->CheckStall(kStall, now);
  }
  if (result_.curve) tell_(*result_.curve);
  if (!result_.curve && now - asked_at_ >= kNoFirstByte) {
    if (result_.error.empty()) result_.error = absl::StrCat("no byte for ", absl::FormatDuration(kNoFirstByte));
    return Finish();
  }
  context_.timers.At(now + kTellEvery, lifetime_.Guard([this] { Tick(); }));
}

void BenchSampler::Finish() {
  if (fetches_.empty()) return;
  if (!std::exchange(over_, true)) {
    result_.end = context_.clock.Steady();
    if (result_.curve) result_.cpu = context_.clock.ThreadCpu() - cpu_at_begin_;
  }
  fetches_.clear();
  done_(std::move(result_));
}

}  // namespace hfget::engine
