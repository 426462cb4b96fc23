// Which proxy is used. Lines: the setting, the host, $https_proxy, $no_proxy.
#include "daemon/net/proxy_choice.h"

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  Lines lines(input);
  const std::string setting(lines.Next()), host(lines.Next()), proxy(lines.Next()), except(lines.Next());
  const auto get = [&](absl::string_view name) {
    return name == "https_proxy" ? proxy : name == "no_proxy" ? except : std::string();
  };
  for (const bool is_https : {false, true}) {
    const auto choice = net::ChooseProxy(setting, is_https, host, get);
    HOLDS(!absl::StrContains(choice.url, '@'));  // nothing of a user or a password is shown
    HOLDS(choice.url.empty() || !choice.origin.empty());
    if (setting == "none") HOLDS(choice.url.empty());
    if (setting == "env" && except == "*") HOLDS(choice.url.empty());
  }
}

}  // namespace hfget::fuzz
