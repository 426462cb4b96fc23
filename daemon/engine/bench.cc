#include "daemon/engine/bench.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/engine/bench_file.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/ms_dialect.h"

namespace hfget::engine {
namespace {

// A source that is slow to say where the file is does not keep the others waiting for longer.
constexpr absl::Duration kSidesWithin = absl::Seconds(30);
constexpr absl::Duration kLookAgain = absl::Milliseconds(50);
constexpr double kBusy = 0.9;  // of a processor, or of a configured rate

}  // namespace

Bench::Bench(Context& context, Racer& racer, Prober& prober, BenchSpec spec, std::weak_ptr<BenchSink> sink, absl::AnyInvocable<void()> done)
    : context_(context), racer_(racer), spec_(std::move(spec)), sink_(std::move(sink)), done_(std::move(done)), started_(context.clock.Wall()) {
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

// What is wrong with the names; empty: nothing.
std::string Bench::ChooseSides() {
  const auto add = [this](core::SourceIndex i) { sides_.emplace_back().source = i; };
  const auto serves = [this](core::SourceIndex i) {
    const Source& source = context_.sources.at(i);
    return source.hub() == spec_.repo->hub || spec_.repo->hub == hub::Hub::kHuggingFace;
  };
  for (const std::string& name : spec_.sources) {
    const auto index = context_.sources.Find(name);
    if (!index) return absl::StrCat("no source is named \"", name, "\"; there are ", absl::StrJoin(context_.sources.Names(), ", "));
    if (!serves(*index)) return absl::StrCat("the source ", name, " has no repos of ModelScope");
    add(*index);
  }
  for (core::SourceIndex i = 0; spec_.sources.empty() && i < context_.sources.count(); ++i) {
    if (!context_.sources.at(i).off && serves(i)) add(i);
  }
  return sides_.empty() ? "no source is switched on: see hfget sources" : "";
}

void Bench::OnManifest(ManifestAnswer manifest) {
  manifest_ = std::move(manifest);
  file_ = BenchFile(manifest_.files.files, spec_.sample_bytes);
  if (file_ == nullptr) {
    PullError error;
    error.cause = core::ErrorCause::kNotFound;
    error.message = absl::StrCat(hub::ShownName(*spec_.repo), " has no file with bytes to measure with: name another repo");
    return Fail(std::move(error));
  }
  spec_.file = file_->path;
  AskSides();
}

void Bench::AskSides() {
  bool foreign = false;
  for (Side& side : sides_) {
    foreign = foreign || context_.sources.at(side.source).hub() != spec_.repo->hub;
    if (context_.sources.at(side.source).hub() != spec_.repo->hub) continue;
    ListingAttempt::Wish wish;
    wish.repo = manifest_.pull.repo;
    wish.revision = spec_.revision;
    wish.token = token_.present() ? &token_ : nullptr;
    side.attempt = std::make_unique<ListingAttempt>(context_, side.source, std::move(wish), lifetime_.Guard([this, &side](ListingVerdict verdict) {
      OnCommit(side, std::move(verdict));
    }));
  }
  if (foreign) {
    counterparts_.emplace(context_, Counterparts::Wish{manifest_.pull.repo, "", nullptr}, std::vector{file_});
    counterparts_->Begin();
  }
  AwaitSides(context_.clock.Steady() + kSidesWithin);
}

void Bench::OnCommit(Side& side, ListingVerdict verdict) {
  const auto finished = std::move(side.attempt);  // lives until this function ends
  if (verdict.pinned) side.commit = verdict.pinned->commit;
}

void Bench::AwaitSides(absl::Time until) {
  const bool asked = std::any_of(sides_.begin(), sides_.end(), [this](const Side& side) {
    const bool foreign = context_.sources.at(side.source).hub() != spec_.repo->hub;
    return foreign ? counterparts_->Of(side.source, *file_) == Supply::kUnknownYet : side.attempt != nullptr;
  });
  const absl::Time now = context_.clock.Steady();
  if (asked && now < until) {
    context_.timers.At(now + kLookAgain, lifetime_.Guard([this, until] { AwaitSides(until); }));
    return;
  }
  std::vector<int> most;
  for (Side& side : sides_) {
    side.attempt.reset();
    most.push_back(std::min(ConfigOf(side).max_connections, context_.config.max_connections));
  }
  schedule_.emplace(most, core::BenchSchedule::Limits{spec_.connections, spec_.rounds, spec_.sample_bytes, spec_.total_bytes});
  for (size_t side = 0; side < sides_.size(); ++side) {
    if (!FindFile(sides_[side])) schedule_->Drop(side);
  }
  TellPlan();
  Next();
}

bool Bench::FindFile(Side& side) {
  const Source& source = context_.sources.at(side.source);
  const hub::RepoId& repo = manifest_.pull.repo;
  std::string url;
  if (source.hub() != repo.hub) {
    const Supply supply = counterparts_->Of(side.source, *file_);
    if (supply == Supply::kHas || supply == Supply::kMaybe) url = counterparts_->UrlOf(side.source, *file_);
  } else {
    // By the commit, so that all serve the same bytes: one that has not heard of it says so.
    url = repo.hub == hub::Hub::kModelScope ? hub::MsFileUrl(source.config.endpoint, repo, spec_.revision, file_->path)
                                            : hub::ResolveUrl(source.config.endpoint, repo, manifest_.pull.commit, file_->path);
    side.lags = !side.commit.empty() && side.commit != manifest_.pull.commit;
  }
  if (const auto parsed = hub::ParseUrl(url); parsed.ok()) {
    side.resolve = *parsed;
    return true;
  }
  BenchSample none;
  none.cause = core::ErrorCause::kNotFound;
  none.error = "it has no repo with this file, by its hash";
  side.tally.Add(none);
  return false;
}

void Bench::TellPlan() {
  const auto sink = sink_.lock();
  if (sink == nullptr) return;
  BenchPlan plan;
  plan.spec = spec_;
  plan.repo = manifest_.pull.repo;
  plan.commit = manifest_.pull.commit;
  plan.file_size = file_->size;
  for (const Side& side : sides_) plan.sources.push_back(ConfigOf(side).name);
  plan.samples = static_cast<int>(schedule_->planned());
  plan.started = started_;
  plan.notices = manifest_.pull.notices;
  if (file_->size < spec_.sample_bytes) {
    plan.notices.push_back(absl::StrCat(file_->path, " has ", file_->size, " bytes, fewer than a sample may have: it is read more than once"));
  }
  sink->OnPlan(plan);
}

void Bench::Next() {
  probe_.reset();
  sampler_.reset();
  const auto turn = schedule_->Next();
  if (!turn) return Conclude();
  if (turn->first_of_round) return Probe(*turn);
  Sample(*turn, BenchSample());
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
  side.target = std::move(result.target);
  side.ranges = result.ranges;
  side.redirect = std::move(result.redirect);
  if (result.link_lifetime) side.link_lifetime = result.link_lifetime;
  if (result.error.empty()) return Sample(turn, std::move(sample));
  sample.cause = result.cause;
  sample.error = std::move(result.error);
  DropIfBarren(turn.source);
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
  Side& side = sides_[turn.source];
  sample.error = result.error;
  if (!sample.error.empty()) sample.cause = core::ErrorCause::kNoSource;
  if (result.curve) {
    const core::BenchCurve::Rate rate = result.curve->RateUntil(result.end);
    sample.bytes = result.curve->bytes();
    sample.duration = result.end - result.curve->begin();
    sample.rate_per_sec = rate.per_second;
    sample.brief = rate.brief;
    sample.curve = result.curve->Steps(result.end);
    NoteLimits(side, result, sample);
    Feed(side, sample);
    schedule_->Spend(sample.bytes);
    bytes_ += sample.bytes;
  } else {
    DropIfBarren(turn.source);
  }
  Tell(turn, std::move(sample));
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

// As evidence of a pull would be; its age is kept with it.
void Bench::Feed(const Side& side, const BenchSample& sample) {
  if (sample.rate_per_sec <= 0 || !sample.limits.empty()) return;
  const auto a_second = static_cast<ByteCount>(sample.rate_per_sec / sample.connections);
  const absl::Time now = context_.clock.Steady();
  Source& source = context_.sources.at(side.source);
  source.stats.OnFlight(a_second, absl::Seconds(1));
  context_.sources.OnSuccess(side.source, now);
  if (!side.target.data_host) return;
  context_.sources.HostOf(side.source, side.target.url.HostAndPort()).OnSuccess(a_second, absl::Seconds(1), now);
}

void Bench::Tell(const core::BenchSchedule::Turn& turn, BenchSample sample) {
  Side& side = sides_[turn.source];
  sample.source = ConfigOf(side).name;
  sample.round = turn.round;
  sample.connections = turn.connections;
  if (sample.at == absl::Time()) sample.at = context_.clock.Wall();
  const bool fewer = spec_.connections.back() > std::min(ConfigOf(side).max_connections, context_.config.max_connections);
  if (fewer && turn.connections == std::min(ConfigOf(side).max_connections, context_.config.max_connections)) {
    sample.limits.emplace_back("connection-limit");
  }
  ++samples_;
  side.tally.Add(sample);
  if (const auto sink = sink_.lock()) sink->OnSample(sample, Report());
  // The next one begins on a clean stack.
  context_.timers.At(context_.clock.Steady(), lifetime_.Guard([this] { Next(); }));
}

BenchReport Bench::Report() const {
  BenchReport report;
  const absl::Time now = context_.clock.Steady();
  for (const Side& side : sides_) {
    BenchRow row = side.tally.Row();
    const Source& source = context_.sources.at(side.source);
    row.source = source.config.name;
    row.endpoint = source.config.endpoint;
    row.ranges = side.ranges;
    row.redirect = side.redirect;
    row.link_lifetime = side.link_lifetime;
    row.commit = side.commit;
    row.lags = side.lags;
    row.proof = context_.sources.SnapshotOf(side.source, now).proof;
    if (const auto left = source.quota.Left(now)) {
      row.quota_left = *left;
      row.quota_resets = source.quota.resets() - now;
    }
    report.rows.push_back(std::move(row));
  }
  RankRows(report.rows, report.recommendation);
  report.bytes = bytes_;
  report.samples = samples_;
  report.complete = complete_;
  report.finished = finished_;
  return report;
}

std::vector<BenchPoint> Bench::Points() const {
  std::vector<BenchPoint> points;
  if (!complete_) return points;
  for (const BenchRow& row : Report().rows) {
    BenchPoint& point = points.emplace_back();
    point.at = started_;
    point.source = row.source;
    point.repo = hub::ShownName(*spec_.repo);
    point.file = spec_.file;
    point.one_connection = row.one_connection.median;
    point.best = row.best.median;
    point.best_connections = row.best_connections;
    point.first_byte = absl::Seconds(row.hub.first_byte.median) + absl::Seconds(row.data_host.first_byte.median);
    point.error = row.error;
    point.scheduled = spec_.scheduled;
  }
  return points;
}

void Bench::Fail(PullError error) {
  if (const auto sink = sink_.lock()) sink->OnError(error);
  done_();
}

// Nobody brought a byte, and it is not the line: who may read the repo has to be settled first.
std::optional<PullError> Bench::NoAccess() const {
  for (const Side& side : sides_) {
    const BenchRow row = side.tally.Row();
    if (side.tally.brought()) return std::nullopt;
    if (row.cause != core::ErrorCause::kUnauthorized) continue;
    PullError error;
    error.cause = row.cause;
    error.source = ConfigOf(side).name;
    error.message = absl::StrCat(hub::ShownName(*spec_.repo), " cannot be measured with: ", error.source, " says ", row.error,
                                 "; name a public repo, or send a token that may read it");
    return error;
  }
  return std::nullopt;
}

void Bench::Conclude() {
  if (auto error = NoAccess()) return Fail(*std::move(error));
  complete_ = true;
  finished_ = context_.clock.Wall();
  if (const auto sink = sink_.lock()) sink->OnReport(Report());
  done_();
}

}  // namespace hfget::engine
