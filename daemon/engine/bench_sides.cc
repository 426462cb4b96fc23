// What a bench asks its sources before their turns: who takes part, what each says the revision is, where it has the file.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/engine/bench.h"
#include "daemon/engine/bench_file.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/ms_dialect.h"

namespace hfget::engine {
namespace {

// A source that is slow to say where the file is does not keep the others waiting for longer.
constexpr absl::Duration kSidesWithin = absl::Seconds(30);
constexpr absl::Duration kLookAgain = absl::Milliseconds(50);

}  // namespace

// What is wrong with the names; empty: nothing.
std::string Bench::ChooseSides() {
  const auto serves = [this](core::SourceIndex i) {
    const Source& source = context_.sources.at(i);
    return source.hub() == spec_.repo->hub || spec_.repo->hub == hub::Hub::kHuggingFace;
  };
  for (const std::string& name : spec_.sources) {
    const auto index = context_.sources.Find(name);
    if (!index) return absl::StrCat("no source is named \"", name, "\"; there are ", absl::StrJoin(context_.sources.Names(), ", "));
    if (!serves(*index)) return absl::StrCat("the source ", name, " has no repos of ModelScope");
    AddSide(*index);
  }
  for (core::SourceIndex i = 0; spec_.sources.empty() && i < context_.sources.count(); ++i) {
    if (!context_.sources.at(i).off && serves(i)) AddSide(i);
  }
  return sides_.empty() ? "no source is switched on: see hfget sources" : "";
}

void Bench::AddSide(core::SourceIndex source) {
  Side& side = sides_.emplace_back();
  side.source = source;
  // Whoever names one that is switched off wants to know what it would give.
  if (context_.sources.at(source).off) return;
  if (const auto why = context_.sources.Out(source, context_.clock.Steady())) side.out = absl::StrCat("the daemon does not use it: ", *why);
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
    if (Foreign(side) && manifest_.is_private) side.out = "it is not asked about a private repo of another hub";
    if (!Measured(side)) continue;
    foreign = foreign || Foreign(side);
    if (Foreign(side)) continue;
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
  proving_ = true;
  prober_.ProveAll(lifetime_.Guard([this] { proving_ = false; }));
  AwaitSides(context_.clock.Steady() + kSidesWithin);
}

void Bench::OnCommit(Side& side, ListingVerdict verdict) {
  const auto finished = std::move(side.attempt);  // lives until this function ends
  if (verdict.pinned) side.commit = verdict.pinned->commit;
}

bool Bench::Awaits(const Side& side) const {
  if (!Measured(side)) return false;
  return Foreign(side) ? counterparts_->Of(side.source, *file_) == Supply::kUnknownYet : side.attempt != nullptr;
}

void Bench::AwaitSides(absl::Time until) {
  const bool awaited = proving_ || std::any_of(sides_.begin(), sides_.end(), [this](const Side& side) { return Awaits(side); });
  const absl::Time now = context_.clock.Steady();
  if (!awaited || now >= until) return Plan();
  context_.timers.At(now + kLookAgain, lifetime_.Guard([this, until] { AwaitSides(until); }));
}

void Bench::Plan() {
  std::vector<int> most;
  for (Side& side : sides_) {
    side.attempt.reset();
    most.push_back(CapOf(side));
  }
  schedule_.emplace(most, core::BenchSchedule::Limits{spec_.connections, spec_.rounds, spec_.sample_bytes, spec_.total_bytes});
  for (size_t i = 0; i < sides_.size(); ++i) {
    if (!FindFile(sides_[i])) schedule_->Drop(i);
  }
  if (counterparts_) counterparts_->Stop();
  TellPlan();
  Next();
}

bool Bench::FindFile(Side& side) {
  if (!Measured(side)) {
    side.tally.Refuse(core::ErrorCause::kNoSource, side.out);
    return false;
  }
  if (Foreign(side)) return FindForeignFile(side);
  const std::string& endpoint = ConfigOf(side).endpoint;
  const hub::RepoId& repo = manifest_.pull.repo;
  // By the commit, so that all serve the same bytes: one that has not heard of it says so.
  return SetResolve(side, repo.hub == hub::Hub::kModelScope ? hub::MsFileUrl(endpoint, repo, spec_.revision, file_->path)
                                                            : hub::ResolveUrl(endpoint, repo, manifest_.pull.commit, file_->path));
}

bool Bench::SetResolve(Side& side, const std::string& url) const {
  auto parsed = hub::ParseUrl(url);
  if (!parsed.ok()) {
    side.tally.Refuse(core::ErrorCause::kNoSource, absl::StrCat("where it has the file is no URL: ", parsed.status().message()));
    return false;
  }
  side.resolve = *std::move(parsed);
  return true;
}

bool Bench::FindForeignFile(Side& side) {
  const Supply supply = counterparts_->Of(side.source, *file_);
  if (supply == Supply::kHas || supply == Supply::kMaybe) return SetResolve(side, counterparts_->UrlOf(side.source, *file_));
  RefuseForeign(side);
  return false;
}

void Bench::RefuseForeign(Side& side) const {
  using core::ErrorCause;
  if (file_->hash.kind != ContentHash::Kind::kSha256) {
    return side.tally.Refuse(ErrorCause::kNotFound,
                             absl::StrCat("no SHA-256 is listed of ", file_->path,
                                          ", so that nothing proves what it has under another name: name a large file (LFS)"));
  }
  if (counterparts_->Of(side.source, *file_) == Supply::kUnknownYet) {
    return side.tally.Refuse(ErrorCause::kNoSource,
                             absl::StrCat("it has not said within ", absl::FormatDuration(kSidesWithin), " whether it has the file"));
  }
  const std::string note = counterparts_->NoteOn(side.source);
  if (!counterparts_->Unanswered(side.source)) {
    return side.tally.Refuse(ErrorCause::kNotFound, absl::StrCat("it has no repo with this file, by its hash: ", note));
  }
  // One that is not asked now has no note of its own.
  const std::string state = context_.sources.SnapshotOf(side.source, context_.clock.Steady()).reason;
  side.tally.Refuse(ErrorCause::kNoSource, absl::StrCat("it does not say whether it has the file: ", note.empty() ? state : note));
}

}  // namespace hfget::engine
