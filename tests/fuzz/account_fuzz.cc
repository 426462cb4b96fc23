// Whose token it is: a hub's answer to whoami.
#include "daemon/hub/account.h"

#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  const auto account = hub::ParseWhoAmI(input);
  if (!account.ok()) return HOLDS(IsOneLine(account.status().message()));
  HOLDS(!account->name.empty());
  HOLDS(account->orgs.size() <= 1000);
  for (const std::string& text : {account->name, account->full_name, account->email, account->type,
                                  account->token_name, account->token_role}) {
    HOLDS(text.size() <= 200 && IsOneLine(text));
  }
  for (const std::string& text : account->orgs) HOLDS(text.size() <= 200 && IsOneLine(text));
}

}  // namespace hfget::fuzz
