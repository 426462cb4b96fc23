// Whose token it is, as a hub says. Source: reference §1 (whoami-v2), §2.4.
#ifndef HFGET_DAEMON_HUB_ACCOUNT_H_
#define HFGET_DAEMON_HUB_ACCOUNT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hfget::hub {

// Every text is printable, on one line, and at most 200 bytes long.
struct Account {
  std::string name;       // never empty
  std::string full_name;
  std::string email;
  std::string type;       // "user", "org", "app"
  std::vector<std::string> orgs;  // names, at most 1,000
  std::string token_name;  // as its owner calls it; empty for a login by browser
  std::string token_role;  // "read", "write", "fineGrained"
};

// The answer of WhoAmIUrl. Errors: INVALID_ARGUMENT when it is not JSON, or names no account.
absl::StatusOr<Account> ParseWhoAmI(absl::string_view json);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_ACCOUNT_H_
