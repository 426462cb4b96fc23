#include "daemon/core/failure.h"

namespace hfget::core {

Consequence ConsequenceOf(Failure failure) {
  switch (failure) {
    case Failure::kNone:
      return {Remedy::kRetryHere, false, false};
    case Failure::kConnect:
      return {Remedy::kRetryHere, true, true};
    case Failure::kReset:
    case Failure::kStall:
    case Failure::kServerError:
      return {Remedy::kRetryHere, true, false};
    case Failure::kLinkExpired:
      return {Remedy::kRetryHere, false, false};
    case Failure::kRateLimited:
      return {Remedy::kPauseSource, false, false};
    case Failure::kNotHere:
      return {Remedy::kOtherSource, false, false};
    case Failure::kWrongAnswer:
      return {Remedy::kOtherSource, true, false};
    case Failure::kFiltered:
    case Failure::kCredential:
    case Failure::kGated:
    case Failure::kCorrupt:
      return {Remedy::kNeverHere, false, false};
    case Failure::kTls:
    case Failure::kWrongRegion:
      return {Remedy::kDisableSource, false, false};
    case Failure::kLocal:
      return {Remedy::kRetryHere, false, true};
  }
  return {};
}

absl::string_view FailureName(Failure failure) {
  switch (failure) {
    case Failure::kNone:
      return "no failure";
    case Failure::kConnect:
      return "cannot connect";
    case Failure::kTls:
      return "TLS refused";
    case Failure::kReset:
      return "connection broken";
    case Failure::kStall:
      return "stalled";
    case Failure::kServerError:
      return "server error";
    case Failure::kRateLimited:
      return "rate limited";
    case Failure::kLinkExpired:
      return "link expired";
    case Failure::kNotHere:
      return "not there (yet)";
    case Failure::kFiltered:
      return "refuses this file";
    case Failure::kCredential:
      return "not authorised";
    case Failure::kGated:
      return "gated";
    case Failure::kWrongAnswer:
      return "answer not believable";
    case Failure::kWrongRegion:
      return "serves only its own region";
    case Failure::kCorrupt:
      return "served wrong bytes";
    case Failure::kLocal:
      return "local fault";
  }
  return "unknown";
}

absl::string_view FailureWord(Failure failure) {
  switch (failure) {
    case Failure::kNone:
      return "none";
    case Failure::kConnect:
      return "connect";
    case Failure::kTls:
      return "tls";
    case Failure::kReset:
      return "reset";
    case Failure::kStall:
      return "stall";
    case Failure::kServerError:
      return "server_error";
    case Failure::kRateLimited:
      return "rate_limited";
    case Failure::kLinkExpired:
      return "link_expired";
    case Failure::kNotHere:
      return "not_here";
    case Failure::kFiltered:
      return "filtered";
    case Failure::kCredential:
      return "credential";
    case Failure::kGated:
      return "gated";
    case Failure::kWrongAnswer:
      return "wrong_answer";
    case Failure::kWrongRegion:
      return "wrong_region";
    case Failure::kCorrupt:
      return "corrupt";
    case Failure::kLocal:
      return "local";
  }
  return "unknown";
}

}  // namespace hfget::core
