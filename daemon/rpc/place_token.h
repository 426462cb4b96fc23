// A place in an order of the daemon's, as clients carry it: they are to keep it and to look no further.
#ifndef HFGET_DAEMON_RPC_PLACE_TOKEN_H_
#define HFGET_DAEMON_RPC_PLACE_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hfget::rpc {

inline std::string ToPlaceToken(int64_t place) { return absl::StrCat("1-", place); }

// 0 for an empty one. `name`: of the field. Errors: INVALID_ARGUMENT.
inline absl::StatusOr<int64_t> FromPlaceToken(absl::string_view token, absl::string_view name) {
  if (token.empty()) return 0;
  int64_t place = 0;
  if (token.size() < 24 && token.substr(0, 2) == "1-" && absl::SimpleAtoi(token.substr(2), &place) && place >= 0) return place;
  return absl::InvalidArgumentError(absl::StrCat("the ", name, " is none that this daemon gives: leave it out to begin anew"));
}

}  // namespace hfget::rpc

#endif  // HFGET_DAEMON_RPC_PLACE_TOKEN_H_
