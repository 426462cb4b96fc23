#include "daemon/engine/bench_sampler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hfget::engine {
namespace {

constexpr absl::Duration kShowEvery = absl::Milliseconds(250);
constexpr absl::Duration kStall = absl::Seconds(10);
constexpr absl::Duration kNoFirstByte = absl::Seconds(30);
// A pull has all buffers: one is free again soon.
constexpr absl::Duration kBufferWait = absl::Milliseconds(5);
// Of one connection in one sample: a file of a few bytes is not asked for a thousand times.
constexpr int kMostRequests = 16;

}  // namespace

BenchSampler::BenchSampler(Context& context, Wish wish, absl::AnyInvocable<void(const core::BenchCurve&)> tell,
                           absl::AnyInvocable<void(Result)> done)
    : context_(context),
      wish_(std::move(wish)),
      tell_(std::move(tell)),
      done_(std::move(done)),
      connections_(static_cast<size_t>(wish_.connections)),
      asked_at_(context.clock.Steady()) {
  for (size_t i = 0; i < connections_.size(); ++i) {
    connections_[i].part = PartOf(static_cast<int>(i));
    connections_[i].next = connections_[i].part.begin;
    Begin(i);
  }
  context_.timers.At(asked_at_ + kShowEvery, lifetime_.Guard([this] { Tick(); }));
}

BenchSampler::~BenchSampler() = default;

// Whole pieces; where there are fewer than connections, each takes the whole file.
ByteRange BenchSampler::PartOf(int connection) const {
  const PieceIndex pieces = PieceCount(wish_.file->size);
  if (pieces < wish_.connections) return {0, wish_.file->size};
  const auto bound = [&](int i) { return std::min(wish_.file->size, pieces * i / wish_.connections * kPieceBytes); };
  return {bound(connection), connection + 1 == wish_.connections ? wish_.file->size : bound(connection + 1)};
}

// Its share of the sample, and no more than is left of all: what was asked for may come though nobody waits for it any more.
ByteRange BenchSampler::NextRange(Connection& connection) const {
  const ByteCount left = wish_.bytes - (result_.curve ? result_.curve->bytes() : 0);
  const ByteCount share = (wish_.bytes + wish_.connections - 1) / wish_.connections;
  const ByteCount length = std::max<ByteCount>(1, std::min(left, share));
  const ByteRange range{connection.next, std::min(connection.part.end, connection.next + length)};
  // A range begins where a piece does.
  const ByteCount behind = PieceCount(range.end) * kPieceBytes;
  connection.next = behind < connection.part.end ? behind : connection.part.begin;
  return range;
}

bool BenchSampler::Resolved(const Connection& connection) const {
  return !connection.resolves && wish_.target.data_host && wish_.target.expires > context_.clock.Wall() + wish_.duration;
}

bool BenchSampler::MayAsk(const Connection& connection) const {
  if (connection.requests >= kMostRequests || result_.trouble.failure == core::Failure::kRateLimited) return false;
  const Source& source = context_.sources.at(wish_.source);
  return Resolved(connection) || source.quota.Allows(source.unanswered, context_.clock.Steady());
}

void BenchSampler::Begin(size_t index) {
  Connection& connection = connections_[index];
  ++connection.requests;
  FetchJob job;
  job.flight = static_cast<core::FlightId>(index);
  job.source = wish_.source;
  job.file = wish_.file;
  job.commit = wish_.commit;
  job.resolved = Resolved(connection);
  job.range = NextRange(connection);
  job.token = wish_.token;
  if (job.resolved) {
    job.target = wish_.target;
  } else {
    job.target.url = wish_.resolve;
  }
  connection.fetch = std::make_unique<Fetch>(context_, std::move(job), *this);
  connection.fetch->Start();
}

void BenchSampler::OnBytes(Fetch&, ByteCount received, ByteCount) {
  if (over_) {
    result_.late += received;
    return;
  }
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
    if (over_ || connection >= connections_.size()) return;
    if (connections_[connection].fetch != nullptr) connections_[connection].fetch->Unpause();
  }));
}

void BenchSampler::OnEnd(Fetch& fetch, FetchResult result) {
  if (over_) return;
  const auto index = static_cast<size_t>(fetch.flight());
  const bool failed = result.failure != core::Failure::kNone;
  const bool expired = result.failure == core::Failure::kLinkExpired && !std::exchange(connections_[index].resolves, true);
  if (failed && !expired) NoteTrouble(fetch, std::move(result));
  // The fetch is in the midst of its end.
  context_.timers.At(context_.clock.Steady(), lifetime_.Guard([this, index, failed, expired] {
    if (over_) return;
    if ((!failed || expired) && MayAsk(connections_[index])) return Begin(index);
    connections_[index].fetch.reset();
    if (std::all_of(connections_.begin(), connections_.end(), [](const Connection& other) { return other.fetch == nullptr; })) Finish();
  }));
}

void BenchSampler::NoteTrouble(const Fetch& fetch, FetchResult result) {
  BenchTrouble& trouble = result_.trouble;
  trouble.failure = result.failure;
  trouble.why = result.why.empty() ? std::string(core::FailureName(result.failure)) : std::move(result.why);
  if (result.rest) trouble.rest = result.rest;
  trouble.host = BlamedHost(fetch.job().target);
  trouble.cut = result.WasCut();
}

void BenchSampler::Tick() {
  if (over_) return;
  const absl::Time now = context_.clock.Steady();
  for (const Connection& connection : connections_) {
    if (connection.fetch != nullptr) connection.fetch->CheckStall(kStall, now);
  }
  if (result_.curve) tell_(*result_.curve);
  if (!result_.curve && now - asked_at_ >= kNoFirstByte) {
    if (!result_.trouble.any()) {
      result_.trouble.failure = core::Failure::kStall;
      result_.trouble.why = absl::StrCat("no byte for ", absl::FormatDuration(kNoFirstByte));
      if (Resolved(connections_.front())) result_.trouble.host = BlamedHost(wish_.target);
    }
    return Finish();
  }
  context_.timers.At(now + kShowEvery, lifetime_.Guard([this] { Tick(); }));
}

void BenchSampler::Finish() {
  if (connections_.empty()) return;
  if (!std::exchange(over_, true)) {
    result_.end = context_.clock.Steady();
    if (result_.curve) result_.cpu = context_.clock.ThreadCpu() - cpu_at_begin_;
  }
  connections_.clear();
  done_(std::move(result_));
}

}  // namespace hfget::engine
