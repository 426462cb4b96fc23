#include "daemon/engine/bench.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace hfget::engine {
namespace {

constexpr double kBusy = 0.9;  // of a processor, or of a configured rate

}  // namespace

Bench::Bench(Context& context, Racer& racer, Prober& prober, BenchSpec spec, std::weak_ptr<BenchSink> sink, absl::AnyInvocable<void()> done)
    : context_(context),
      racer_(racer),
      prober_(prober),
      spec_(std::move(spec)),
      sink_(std::move(sink)),
      done_(std::move(done)),
      started_(context.clock.Wall()) {
  if (!spec_.repo) spec_.repo = context_.config.bench_repo.value_or(context_.config.probe_repo);
  if (spec_.revision.empty()) spec_.revision = std::string(hub::DefaultRevision(spec_.repo->hub));
  PullSpec pull;
  pull.repo = *spec_.repo;
  pull.revision = spec_.revision;
  pull.token = spec_.token;
  pull.token_is_ambient = spec_.token_is_ambient;
  // Whoever named no token gets what is public: the daemon's own is not for measuring.
  pull.anonymous = spec_.token.empty();
  if (!spec_.file.empty()) pull.filters.files = {spec_.file};
  token_.Bring(std::move(spec_.token), spec_.token_is_ambient);
  read_ = std::make_unique<ManifestRead>(context_, racer_, prober, std::move(pull), ManifestRead::Which::kNow,
                                         [this](ManifestAnswer manifest) { OnManifest(std::move(manifest)); },
                                         [this](PullError error) { Fail(std::move(error)); });
}

Bench::~Bench() = default;

void Bench::Begin() {
  if (std::string wrong = ChooseSides(); !wrong.empty()) {
    PullError error;
    error.cause = core::ErrorCause::kInvalid;
    error.message = std::move(wrong);
    return Fail(std::move(error));
  }
  read_->Begin();
}

void Bench::Next() {
  probe_.reset();
  sampler_.reset();
  if (spec_.scheduled && racer_.connections() > 0) {
    spdlog::info("the bench by [bench] schedule gives way to pulls after {} samples", samples_);
    return done_();
  }
  const auto turn = schedule_->Next();
  if (!turn) return Conclude();
  const Side& side = sides_[turn->source];
  const int requests = turn->first_of_round + (side.target.data_host ? 0 : turn->connections);
  BenchSample sample;
  if (LeaveAlone(turn->source, requests, "", sample)) return Tell(*turn, std::move(sample));
  if (turn->first_of_round) return Probe(*turn);
  Sample(*turn, std::move(sample));
}

// One that has never brought a byte is not waited for again.
void Bench::DropIfBarren(size_t side) {
  if (!sides_[side].tally.brought()) schedule_->Drop(side);
}

// A mirror is measured as anybody finds it.
Secret Bench::TokenFor(const Side& side) const {
  const bool may = ConfigOf(side).authority && context_.sources.MaySendToken(side.source);
  return token_.present() && may ? token_.For(side.source) : Secret();
}

void Bench::Probe(const core::BenchSchedule::Turn& turn) {
  const Side& side = sides_[turn.source];
  probe_ = std::make_unique<BenchProbe>(context_, BenchProbe::Wish{side.source, file_, manifest_.pull.commit, side.resolve, TokenFor(side)},
                                        lifetime_.Guard([this, turn](BenchProbe::Result result) { OnProbed(turn, std::move(result)); }));
}

void Bench::OnProbed(const core::BenchSchedule::Turn& turn, BenchProbe::Result result) {
  const auto finished = std::move(probe_);  // lives until this function ends
  Side& side = sides_[turn.source];
  BenchSample sample;
  if (!result.hub.host.empty()) sample.hub = std::move(result.hub);
  sample.data_host = std::move(result.data_host);
  if (!result.trouble.any()) {
    side.target = std::move(result.target);
    side.ranges = result.ranges;
    side.redirect = std::move(result.redirect);
    if (result.link_lifetime) side.link_lifetime = result.link_lifetime;
    return Sample(turn, std::move(sample));
  }
  Blame(side, result.trouble);
  if (!LeaveAlone(turn.source, 1, result.trouble.why, sample)) {
    sample.cause = result.cause;
    sample.error = result.trouble.why;
    DropIfBarren(turn.source);
  }
  Tell(turn, std::move(sample));
}

void Bench::Sample(const core::BenchSchedule::Turn& turn, BenchSample sample) {
  const Side& side = sides_[turn.source];
  sample.connections = turn.connections;
  sample.at = context_.clock.Wall();
  others_ = racer_.connections() > 0;
  BenchSampler::Wish wish{side.source, file_,         manifest_.pull.commit, side.target, side.resolve, TokenFor(side), turn.connections,
                          turn.bytes,  spec_.sample_duration};
  auto shared = std::make_shared<BenchSample>(std::move(sample));
  sampler_ = std::make_unique<BenchSampler>(
      context_, std::move(wish),
      [this, turn](const core::BenchCurve& curve) {
        const auto sink = sink_.lock();
        if (sink == nullptr) return;
        const std::vector<ByteCount> steps = curve.Steps(context_.clock.Steady());
        sink->OnProgress({ConfigOf(sides_[turn.source]).name, turn.round, turn.connections, curve.bytes(), steps.empty() ? 0 : steps.back(), samples_});
      },
      // Not from within the sampler.
      [this, turn, shared](BenchSampler::Result result) {
        auto kept = std::make_shared<BenchSampler::Result>(std::move(result));
        context_.timers.At(context_.clock.Steady(),
                           lifetime_.Guard([this, turn, shared, kept] { OnSampled(turn, std::move(*shared), std::move(*kept)); }));
      });
}

void Bench::OnSampled(const core::BenchSchedule::Turn& turn, BenchSample sample, BenchSampler::Result result) {
  const Side& side = sides_[turn.source];
  sample.error = result.trouble.why;
  if (result.curve) {
    Measure(side, result, sample);
    Feed(side, sample);
    schedule_->Spend(sample.bytes + result.late);
    bytes_ += sample.bytes + result.late;
  } else {
    DropIfBarren(turn.source);
  }
  if (!sample.error.empty()) sample.cause = core::ErrorCause::kNoSource;
  Blame(side, result.trouble);
  if (result.trouble.failure == core::Failure::kRateLimited) LeaveAlone(turn.source, 1, result.trouble.why, sample);
  Tell(turn, std::move(sample));
}

void Bench::Measure(const Side& side, const BenchSampler::Result& result, BenchSample& sample) const {
  const core::BenchCurve::Rate rate = result.curve->RateUntil(result.end);
  sample.bytes = result.curve->bytes();
  sample.duration = result.end - result.curve->begin();
  sample.rate_per_sec = rate.per_second;
  sample.brief = rate.brief;
  sample.curve = result.curve->Steps(result.end);
  if (rate.per_second <= 0 && sample.error.empty()) {
    sample.error = absl::StrCat(sample.bytes, " bytes came within ", absl::FormatDuration(absl::Trunc(sample.duration, absl::Microseconds(10))),
                                ", from which no rate can be told: let a sample be larger");
  }
  NoteLimits(side, result, sample);
}

void Bench::NoteLimits(const Side& side, const BenchSampler::Result& result, BenchSample& sample) const {
  if (sample.duration > absl::ZeroDuration() && result.cpu >= kBusy * sample.duration) sample.limits.emplace_back("cpu");
  for (const ByteCount limit : {ConfigOf(side).max_bytes_per_sec, context_.config.max_bytes_per_sec}) {
    if (limit > 0 && sample.rate_per_sec >= kBusy * static_cast<double>(limit)) {
      sample.limits.emplace_back("rate-limit");
      break;
    }
  }
  if (others_ || racer_.connections() > 0) sample.limits.emplace_back("pulls");
}

void Bench::Tell(const core::BenchSchedule::Turn& turn, BenchSample sample) {
  Side& side = sides_[turn.source];
  sample.source = ConfigOf(side).name;
  sample.round = turn.round;
  sample.connections = turn.connections;
  if (sample.at == absl::Time()) sample.at = context_.clock.Wall();
  const int cap = CapOf(side);
  if (turn.connections == cap && spec_.connections.back() > cap) sample.limits.emplace_back("connection-limit");
  ++samples_;
  side.tally.Add(sample);
  if (const auto sink = sink_.lock()) sink->OnSample(sample, Report());
  // The next one begins on a clean stack.
  context_.timers.At(context_.clock.Steady(), lifetime_.Guard([this] { Next(); }));
}

void Bench::Fail(PullError error) {
  if (const auto sink = sink_.lock()) sink->OnError(error);
  done_();
}

void Bench::Conclude() {
  if (auto error = NoAccess()) return Fail(*std::move(error));
  complete_ = true;
  finished_ = context_.clock.Wall();
  if (const auto sink = sink_.lock()) sink->OnReport(Report());
  done_();
}

}  // namespace hfget::engine
