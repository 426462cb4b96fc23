#include "daemon/rpc/convert.h"

#include <cstdint>

#include "absl/time/time.h"
#include "daemon/hub/utf8.h"

namespace hfget::rpc {

void Set(absl::Duration value, google::protobuf::Duration* out) {
  out->set_seconds(absl::IDivDuration(value, absl::Seconds(1), &value));
  out->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(value)));
}

void Set(absl::Time value, google::protobuf::Timestamp* out) {
  const int64_t seconds = absl::ToUnixSeconds(value);
  out->set_seconds(seconds);
  out->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(value - absl::FromUnixSeconds(seconds))));
}

namespace {

using rpc::Set;  // beside those below, which would hide them

// Both lists are persisted or served, so a number that moves is a bug that the compiler can find.
static_assert(static_cast<int>(core::PullState::kQueued) == v1::PULL_STATE_QUEUED);
static_assert(static_cast<int>(core::PullState::kListing) == v1::PULL_STATE_LISTING);
static_assert(static_cast<int>(core::PullState::kFetching) == v1::PULL_STATE_FETCHING);
static_assert(static_cast<int>(core::PullState::kPublishing) == v1::PULL_STATE_PUBLISHING);
static_assert(static_cast<int>(core::PullState::kDone) == v1::PULL_STATE_DONE);
static_assert(static_cast<int>(core::PullState::kFailed) == v1::PULL_STATE_FAILED);
static_assert(static_cast<int>(core::PullState::kCancelled) == v1::PULL_STATE_CANCELLED);
static_assert(static_cast<int>(core::PullState::kNeedsToken) == v1::PULL_STATE_NEEDS_TOKEN);
static_assert(static_cast<int>(core::PullState::kPaused) == v1::PULL_STATE_PAUSED);
static_assert(static_cast<int>(core::ErrorCause::kInvalid) == v1::ERROR_CAUSE_INVALID);
static_assert(static_cast<int>(core::ErrorCause::kNotFound) == v1::ERROR_CAUSE_NOT_FOUND);
static_assert(static_cast<int>(core::ErrorCause::kUnauthorized) == v1::ERROR_CAUSE_UNAUTHORIZED);
static_assert(static_cast<int>(core::ErrorCause::kNoSource) == v1::ERROR_CAUSE_NO_SOURCE);
static_assert(static_cast<int>(core::ErrorCause::kDisk) == v1::ERROR_CAUSE_DISK);
static_assert(static_cast<int>(core::ErrorCause::kHostileListing) ==
              v1::ERROR_CAUSE_HOSTILE_LISTING);
static_assert(static_cast<int>(core::ErrorCause::kCorrupt) == v1::ERROR_CAUSE_CORRUPT);
static_assert(static_cast<int>(core::ErrorCause::kInternal) == v1::ERROR_CAUSE_INTERNAL);
static_assert(static_cast<int>(core::ErrorCause::kDeadline) == v1::ERROR_CAUSE_DEADLINE);
static_assert(static_cast<int>(core::ErrorCause::kLimit) == v1::ERROR_CAUSE_LIMIT);
static_assert(static_cast<int>(core::ErrorCause::kState) == v1::ERROR_CAUSE_STATE);
static_assert(static_cast<int>(core::ErrorCause::kUnavailable) == v1::ERROR_CAUSE_UNAVAILABLE);

bool IsFinite(absl::Time time) {
  return time != absl::InfiniteFuture() && time != absl::InfinitePast();
}

bool IsFinite(absl::Duration duration) {
  return duration != absl::InfiniteDuration() && duration != -absl::InfiniteDuration();
}

// A time to first byte that was measured.
bool IsKnown(absl::Duration latency) { return latency > absl::ZeroDuration() && IsFinite(latency); }

v1::FileProgress::State StateOf(engine::FileSnapshot::State state) {
  switch (state) {
    case engine::FileSnapshot::State::kWaiting:
      return v1::FileProgress::STATE_WAITING;
    case engine::FileSnapshot::State::kFetching:
      return v1::FileProgress::STATE_FETCHING;
    case engine::FileSnapshot::State::kVerifying:
      return v1::FileProgress::STATE_VERIFYING;
    case engine::FileSnapshot::State::kPublished:
      return v1::FileProgress::STATE_PUBLISHED;
    case engine::FileSnapshot::State::kLocked:
      return v1::FileProgress::STATE_LOCKED;
  }
  return v1::FileProgress::STATE_UNSPECIFIED;
}

v1::Finding::Severity SeverityOf(hub::Severity severity) {
  switch (severity) {
    case hub::Severity::kOk:
      return v1::Finding::SEVERITY_OK;
    case hub::Severity::kNote:
      return v1::Finding::SEVERITY_NOTE;
    case hub::Severity::kWarning:
      return v1::Finding::SEVERITY_WARNING;
    case hub::Severity::kProblem:
      return v1::Finding::SEVERITY_PROBLEM;
  }
  return v1::Finding::SEVERITY_UNSPECIFIED;
}

void Set(const engine::FileSnapshot& file, v1::FileProgress* out) {
  out->set_path(ValidUtf8(file.path));
  out->set_size_bytes(file.size);
  out->set_done_bytes(file.done);
  out->set_rate_bytes_per_sec(file.rate_per_sec);
  out->set_state(StateOf(file.state));
}

void Set(const engine::ShareSnapshot& share, v1::SourceShare* out) {
  out->set_name(ValidUtf8(share.source));
  out->set_bytes(share.bytes);
  out->set_rate_bytes_per_sec(share.rate_per_sec);
  out->set_connections(share.connections);
  out->set_note(ValidUtf8(share.note));
}

void Set(const engine::DataHostSnapshot& host, v1::DataHost* out) {
  out->set_host(ValidUtf8(host.host));
  out->set_state(host.state);
  out->set_rate_bytes_per_sec(host.rate_per_sec);
  if (IsKnown(host.latency)) Set(host.latency, out->mutable_latency());
  out->set_success(host.success);
  out->set_bytes(host.bytes);
}

void Set(const engine::PlannedFile& file, v1::PlannedFile* out) {
  out->set_path(ValidUtf8(file.path));
  out->set_size_bytes(file.size);
  out->set_present(file.present);
}

void SetIdentity(const engine::PullSnapshot& pull, v1::Pull* out) {
  out->set_id(ValidUtf8(pull.id));
  out->set_owner(ValidUtf8(pull.owner));
  out->set_repo(ValidUtf8(hub::ShownName(pull.repo)));
  out->set_type(ToProto(pull.repo.type));
  out->set_revision(ValidUtf8(pull.revision));
  out->set_commit(ValidUtf8(pull.commit));
  out->set_path(ValidUtf8(pull.path));
  out->set_listing_source(ValidUtf8(pull.listing_source));
  out->set_request_id(ValidUtf8(pull.request_id));
  out->set_priority(pull.terms.priority);
  if (IsFinite(pull.terms.deadline)) Set(pull.terms.deadline, out->mutable_deadline());
  for (const auto& [key, value] : pull.terms.labels) (*out->mutable_labels())[ValidUtf8(key)] = ValidUtf8(value);
  out->set_queue_position(pull.queue_position);
}

void SetFigures(const engine::PullSnapshot& pull, v1::Pull* out) {
  out->set_total_bytes(pull.total);
  out->set_done_bytes(pull.done);
  out->set_reused_bytes(pull.reused);
  out->set_fetched_bytes(pull.fetched);
  out->set_wasted_bytes(pull.wasted);
  out->set_total_files(pull.total_files);
  out->set_done_files(pull.done_files);
  out->set_repo_files(pull.repo_files);
  out->set_listing(pull.listing);
  out->set_rate_bytes_per_sec(pull.rate_per_sec);
  if (pull.eta && IsFinite(*pull.eta)) Set(*pull.eta, out->mutable_eta());
  if (IsFinite(pull.created)) Set(pull.created, out->mutable_created());
  if (IsFinite(pull.finished)) Set(pull.finished, out->mutable_finished());
}

}  // namespace

v1::RepoType ToProto(hub::RepoType type) {
  switch (type) {
    case hub::RepoType::kModel:
      return v1::REPO_TYPE_MODEL;
    case hub::RepoType::kDataset:
      return v1::REPO_TYPE_DATASET;
    case hub::RepoType::kSpace:
      return v1::REPO_TYPE_SPACE;
  }
  return v1::REPO_TYPE_UNSPECIFIED;
}

v1::TokenVerdict ToProto(core::ProofVerdict verdict) {
  switch (verdict) {
    case core::ProofVerdict::kForwards:
      return v1::TOKEN_VERDICT_FORWARDS;
    case core::ProofVerdict::kNotSeenToForward:
      return v1::TOKEN_VERDICT_NOT_SEEN_TO_FORWARD;
    case core::ProofVerdict::kUnknown:
      return v1::TOKEN_VERDICT_UNSPECIFIED;
  }
  return v1::TOKEN_VERDICT_UNSPECIFIED;
}

v1::Pull ToProto(const engine::PullSnapshot& pull, const core::Caller& caller) {
  v1::Pull out;
  SetIdentity(pull, &out);
  SetFigures(pull, &out);
  out.set_state(static_cast<v1::PullState>(pull.state));
  if (pull.error.cause != core::ErrorCause::kNone) *out.mutable_error() = ToProto(pull.error);
  for (const auto& file : pull.files) Set(file, out.add_files());
  for (const auto& share : pull.shares) Set(share, out.add_sources());
  if (!caller.trusted()) {
    for (auto& share : *out.mutable_sources()) share.clear_note();
  }
  for (const auto& file : pull.plan) Set(file, out.add_plan());
  for (const auto& notice : pull.notices) out.add_notices(ValidUtf8(notice));
  return out;
}

v1::Finding ToProto(const hub::Finding& finding) {
  v1::Finding out;
  out.set_severity(SeverityOf(finding.severity));
  out.set_check(ValidUtf8(finding.check));
  out.set_cause(ValidUtf8(finding.cause));
  out.set_subject(ValidUtf8(finding.subject));
  out.set_message(ValidUtf8(finding.message));
  out.set_evidence(ValidUtf8(finding.evidence));
  out.set_fix(ValidUtf8(finding.fix));
  return out;
}

v1::Source ToProto(const engine::SourceSnapshot& source, const core::Caller& caller) {
  v1::Source out;
  out.set_name(ValidUtf8(source.name));
  out.set_endpoint(ValidUtf8(source.endpoint));
  out.set_dialect(ValidUtf8(source.dialect));
  out.set_state(ValidUtf8(source.state));
  out.set_reason(ValidUtf8(source.reason));
  out.set_rate_bytes_per_sec(source.rate_per_sec);
  if (IsKnown(source.latency)) Set(source.latency, out.mutable_latency());
  out.set_success(source.success);
  out.set_token_policy(ValidUtf8(source.token_policy));
  out.set_connections(source.connections);
  out.set_bytes(source.bytes);
  out.set_score(source.score);
  if (IsKnown(source.latency_p95)) Set(source.latency_p95, out.mutable_latency_p95());
  out.set_stalls(source.stalls);
  out.set_rate_limited(source.rate_limited);
  out.set_convictions(source.convictions);
  out.set_token_verdict(ToProto(source.proof));
  out.set_token_why(ValidUtf8(source.proof_why));
  if (IsFinite(source.proven)) Set(source.proven, out.mutable_proven());
  if (IsFinite(source.probed)) Set(source.probed, out.mutable_probed());
  out.set_enabled(source.enabled);
  out.set_proxy(ValidUtf8(source.proxy));
  for (const auto& host : source.data_hosts) Set(host, out.add_data_hosts());
  if (!caller.trusted()) {
    out.clear_reason();
    out.clear_proxy();
  }
  return out;
}

v1::GetPieceMapResponse ToProto(const engine::PieceMapSnapshot& map) {
  v1::GetPieceMapResponse out;
  for (const std::string& source : map.sources) out.add_sources(ValidUtf8(source));
  for (const engine::FilePieces& file : map.files) {
    v1::FilePieces* pieces = out.add_files();
    pieces->set_path(ValidUtf8(file.path));
    pieces->set_size_bytes(file.size);
    pieces->set_piece_bytes(kPieceBytes);
    pieces->set_pieces(PieceCount(file.size));
    for (const core::PieceCell& cell : file.cells) {
      pieces->add_done_percent(cell.done_percent);
      pieces->add_in_flight(cell.in_flight);
      pieces->add_source(cell.source + 1);
    }
  }
  return out;
}

v1::WhoAmIResponse ToProto(const engine::AccountAnswer& answer) {
  v1::WhoAmIResponse out;
  if (answer.error.cause != core::ErrorCause::kNone) *out.mutable_error() = ToProto(answer.error);
  out.set_token_hint(ValidUtf8(answer.token_hint));
  out.set_source(ValidUtf8(answer.source));
  if (!answer.account) return out;
  const hub::Account& account = *answer.account;
  out.set_name(ValidUtf8(account.name));
  out.set_full_name(ValidUtf8(account.full_name));
  out.set_email(ValidUtf8(account.email));
  out.set_type(ValidUtf8(account.type));
  for (const std::string& org : account.orgs) out.add_orgs(ValidUtf8(org));
  out.set_token_name(ValidUtf8(account.token_name));
  out.set_token_role(ValidUtf8(account.token_role));
  return out;
}

absl::StatusOr<engine::SourceChange> ToChange(v1::SetSourceRequest::Change change) {
  switch (change) {
    case v1::SetSourceRequest::CHANGE_ENABLE:
      return engine::SourceChange::kEnable;
    case v1::SetSourceRequest::CHANGE_DISABLE:
      return engine::SourceChange::kDisable;
    case v1::SetSourceRequest::CHANGE_RESET:
      return engine::SourceChange::kReset;
    default:
      return absl::InvalidArgumentError("say what to change: enable, disable or reset");
  }
}

std::string ValidUtf8(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  char32_t ignored;
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    if (hub::NextCodePoint(text, end, ignored)) {
      out.append(text.data() + begin, end - begin);
    } else {
      out += "\xEF\xBF\xBD";
      ++end;
    }
  }
  return out;
}

}  // namespace hfget::rpc
