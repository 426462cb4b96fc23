#include "daemon/engine/verdicts.h"

namespace hfget::engine {

core::ErrorCause CauseOf(hub::HubErrorKind kind) {
  switch (kind) {
    case hub::HubErrorKind::kRevisionNotFound:
    case hub::HubErrorKind::kEntryNotFound:
    case hub::HubErrorKind::kRepoNotFound:
    case hub::HubErrorKind::kDisabled:
      return core::ErrorCause::kNotFound;
    case hub::HubErrorKind::kGated:
    case hub::HubErrorKind::kInvalidToken:
    case hub::HubErrorKind::kUnauthorized:
    case hub::HubErrorKind::kForbidden:
      return core::ErrorCause::kUnauthorized;
    case hub::HubErrorKind::kBadRequest:
      return core::ErrorCause::kInvalid;
    default:
      return core::ErrorCause::kNoSource;
  }
}

core::ErrorCause CauseOf(hub::HubErrorKind kind, const hub::AskedFor& asked) {
  const bool unseen = kind == hub::HubErrorKind::kRepoNotFound && asked.token_refused;
  return unseen ? core::ErrorCause::kUnauthorized : CauseOf(kind);
}

core::Failure FailureOf(net::NetError error) {
  switch (error) {
    case net::NetError::kNone:
    case net::NetError::kCancelled:
      return core::Failure::kNone;
    case net::NetError::kResolve:
    case net::NetError::kConnect:
    case net::NetError::kConnectTimeout:
      return core::Failure::kConnect;
    case net::NetError::kTls:
      return core::Failure::kTls;
    case net::NetError::kHeadTimeout:
      return core::Failure::kStall;
    case net::NetError::kReset:
      return core::Failure::kReset;
    case net::NetError::kProtocol:
    case net::NetError::kUnsupportedUrl:
    case net::NetError::kForbidden:
      return core::Failure::kWrongAnswer;
    case net::NetError::kLocal:
      return core::Failure::kLocal;
  }
  return core::Failure::kReset;
}

core::Failure FailureOf(const hub::HubError& error) {
  // A 503 that says when to come again is a rest, not a fault.
  if (error.retry_after) return core::Failure::kRateLimited;
  switch (error.kind) {
    case hub::HubErrorKind::kNone:
      return core::Failure::kNone;
    case hub::HubErrorKind::kRevisionNotFound:
    case hub::HubErrorKind::kEntryNotFound:
    case hub::HubErrorKind::kDisabled:
      return core::Failure::kNotHere;
    case hub::HubErrorKind::kGated:
      return core::Failure::kGated;
    case hub::HubErrorKind::kRepoNotFound:
    case hub::HubErrorKind::kInvalidToken:
    case hub::HubErrorKind::kUnauthorized:
      return core::Failure::kCredential;
    case hub::HubErrorKind::kForbidden:
      return core::Failure::kFiltered;
    case hub::HubErrorKind::kRateLimited:
      return core::Failure::kRateLimited;
    case hub::HubErrorKind::kUnavailable:
      return core::Failure::kServerError;
    case hub::HubErrorKind::kBadRequest:
    case hub::HubErrorKind::kRangeNotSatisfiable:
    case hub::HubErrorKind::kUnexpected:
      return core::Failure::kWrongAnswer;
  }
  return core::Failure::kWrongAnswer;
}

core::Failure FailureOf(const hub::Answer& answer) {
  switch (answer.kind) {
    case hub::AnswerKind::kHubError:
      return FailureOf(answer.error);
    case hub::AnswerKind::kLinkExpired:
      return core::Failure::kLinkExpired;
    case hub::AnswerKind::kNotHere:
      return core::Failure::kNotHere;
    case hub::AnswerKind::kWrongRegion:
      return core::Failure::kWrongRegion;
    default:
      return core::Failure::kWrongAnswer;
  }
}

hub::Zone AnswererOf(const hub::Url& url, const net::ResponseHead& head) {
  return hub::ZoneOfAnswerer(url.host, head.by_proxy ? "" : head.remote_address);
}

std::function<bool(absl::string_view)> MayConnect(std::optional<hub::Zone> led_from) {
  if (!led_from) return nullptr;
  return [from = *led_from](absl::string_view address) { return hub::MayLead(from, hub::ZoneOfPeer(address)); };
}

}  // namespace hfget::engine
