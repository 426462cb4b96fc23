#include "daemon/hub/account.h"

#include "absl/strings/ascii.h"
#include "daemon/base/status.h"
#include "daemon/hub/json.h"
#include "daemon/hub/path_check.h"

namespace hfget::hub {
namespace {

constexpr size_t kMaxTextBytes = 200;
constexpr size_t kMaxOrgs = 1000;

class AccountWalker final : public JsonWalker {
 public:
  Account account;

 private:
  bool OnOpen(bool is_object) override {
    return depth() > 1 || is_object || Fail("the answer is not a JSON object");
  }

  bool OnString(std::string& value) override {
    const std::string text = Printable(absl::StripAsciiWhitespace(value), kMaxTextBytes);
    if (std::string* field = Field()) {
      *field = text;
    } else if (depth() == 3 && Key(1) == "orgs" && Key(3) == "name" &&
               account.orgs.size() < kMaxOrgs) {
      account.orgs.push_back(text);
    }
    return true;
  }

  // nullptr: nothing that is kept.
  std::string* Field() {
    if (depth() == 1) {
      if (Key(1) == "name") return &account.name;
      if (Key(1) == "fullname") return &account.full_name;
      if (Key(1) == "email") return &account.email;
      if (Key(1) == "type") return &account.type;
    }
    if (depth() == 3 && Key(1) == "auth" && Key(2) == "accessToken") {
      if (Key(3) == "displayName") return &account.token_name;
      if (Key(3) == "role") return &account.token_role;
    }
    return nullptr;
  }
};

}  // namespace

absl::StatusOr<Account> ParseWhoAmI(absl::string_view json) {
  AccountWalker walker;
  HFGET_RETURN_IF_ERROR(walker.Walk(json));
  if (walker.account.name.empty()) {
    return absl::InvalidArgumentError("the answer names no account");
  }
  return std::move(walker.account);
}

}  // namespace hfget::hub
