#include "daemon/engine/dialect_probe.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/disk/digest.h"
#include "daemon/engine/verdicts.h"
#include "daemon/hub/counterpart.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/ms_dialect.h"
#include "daemon/hub/redirect.h"

namespace hfget::engine {
namespace {

constexpr ByteCount kMostFile = kMiB;
constexpr int kProbeHops = 5;

// The smallest file with bytes; nullptr: there is none that is small enough.
const hub::ManifestFile* Smallest(const hub::Manifest& manifest) {
  const hub::ManifestFile* smallest = nullptr;
  for (const hub::ManifestFile& file : manifest.files) {
    if (file.size == 0 || file.size > kMostFile) continue;
    if (smallest == nullptr || file.size < smallest->size) smallest = &file;
  }
  return smallest;
}

}  // namespace

DialectProbe::DialectProbe(Context& context, core::SourceIndex source, Done done)
    : context_(context), source_(source), done_(std::move(done)) {
  const hub::RepoId& repo = context_.config.probe_repo;
  if (context_.sources.at(source_).hub() == hub::Hub::kHuggingFace) {
    repos_.push_back(repo);
  } else {
    for (const std::string& id : hub::CounterpartCandidates(repo, "", {context_.config.modelscope_ids})) {
      repos_.push_back({repo.type, id, hub::Hub::kModelScope});
    }
  }
  AskNextRepo();
}

void DialectProbe::AskNextRepo() {
  ListingAttempt::Wish wish;
  wish.repo = repos_[next_repo_++];
  wish.revision = std::string(hub::DefaultRevision(wish.repo.hub));
  attempt_ = std::make_unique<ListingAttempt>(
      context_, source_, std::move(wish), lifetime_.Guard([this](ListingVerdict verdict) { OnPinned(std::move(verdict)); }));
}

void DialectProbe::OnPinned(ListingVerdict verdict) {
  const auto finished = std::move(attempt_);  // lives until this function ends
  const bool scope = repos_.front().hub == hub::Hub::kModelScope;
  const bool absent = scope && verdict.said && verdict.said->cause == core::ErrorCause::kNotFound;
  if (absent && next_repo_ < repos_.size()) return AskNextRepo();
  if (absent) return End(core::Failure::kNone, "");
  if (verdict.manifest) return OnListed(*verdict.manifest);
  if (!verdict.pinned) return End(verdict.failure, std::move(verdict.why));
  ListingAttempt::Wish wish;
  wish.repo = verdict.pinned->repo;
  wish.revision = verdict.pinned->commit;
  wish.tree = true;
  attempt_ = std::make_unique<ListingAttempt>(
      context_, source_, std::move(wish), lifetime_.Guard([this](ListingVerdict listed) {
        const auto finished = std::move(attempt_);  // lives until this function ends
        if (!listed.manifest) return End(listed.failure, std::move(listed.why));
        OnListed(*listed.manifest);
      }));
}

void DialectProbe::OnListed(const hub::Manifest& manifest) {
  const hub::ManifestFile* file = Smallest(manifest);
  if (file == nullptr) return End(core::Failure::kNone, "");  // the listing is all there is to see
  file_ = *file;
  const std::string& endpoint = context_.sources.at(source_).config.endpoint;
  const hub::RepoId& repo = repos_[next_repo_ - 1];
  AskFile(repo.hub == hub::Hub::kModelScope
              ? hub::MsFileUrl(endpoint, repo, hub::DefaultRevision(repo.hub), file_.path)
              : hub::ResolveUrl(endpoint, repo, manifest.commit, file_.path));
}

void DialectProbe::AskFile(std::string url, std::optional<hub::Zone> led_from) {
  const Source& s = context_.sources.at(source_);
  net::Request request;
  request.url = url;
  request.may_connect = MayConnect(led_from);
  request.proxy = s.config.proxy;
  request.ca_bundle = s.config.ca_bundle;
  url_ = std::move(url);
  request_ = std::make_unique<SmallRequest>(
      context_, std::move(request), SmallRequest::Limits{.max_body_bytes = kMostFile},
      lifetime_.Guard([this](SmallAnswer answer) { OnFile(std::move(answer)); }));
}

void DialectProbe::OnFile(SmallAnswer answer) {
  const auto finished = std::move(request_);  // lives until this function ends
  if (answer.error != net::NetError::kNone) {
    return End(FailureOf(answer.error), absl::StrCat(file_.path, ": ", answer.detail));
  }
  const int status = answer.head.status;
  if (status >= 300 && status < 400) {
    const auto base = hub::ParseUrl(url_);
    const hub::Zone answerer = base.ok() ? AnswererOf(*base, answer.head) : hub::Zone::kPublic;
    const auto next = base.ok() ? hub::NextHop(*base, answer.head.headers.Get("location"), answerer) : base;
    if (!next.ok()) return End(core::Failure::kWrongAnswer, absl::StrCat(file_.path, ": ", next.status().message()));
    if (++hops_ > kProbeHops) return End(core::Failure::kWrongAnswer, absl::StrCat(file_.path, ": redirects without end"));
    return AskFile(next->ToString(), answerer);
  }
  if (status != 200) return End(core::Failure::kWrongAnswer, absl::StrCat(file_.path, ": answers ", status));
  disk::FileHasher hasher(file_.hash.kind, file_.size);
  hasher.Update(answer.body);
  const bool right = static_cast<ByteCount>(answer.body.size()) == file_.size && hasher.Result() == file_.hash;
  if (!right) return End(core::Failure::kWrongAnswer, absl::StrCat(file_.path, ": has not the listed hash"));
  End(core::Failure::kNone, "");
}

void DialectProbe::End(core::Failure failure, std::string why) {
  auto done = std::move(done_);
  done(failure, std::move(why));
}

}  // namespace hfget::engine
