// Variables and paths of the environment. Lines: a user, a password, a proxy behind "user:password@"; then a path.
#include "daemon/environment.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  Lines lines(input);
  lines.Next();
  lines.Next();
  const std::string proxy(lines.Next());
  Environment env;
  env.home = "/home/user";
  env.working_folder = "/work";
  env.variables = {{"A", "a"}, {"LONG_name1", "/x/y"}, {"HTTPS_PROXY", proxy}};
  const std::string written(lines.Rest());
  const std::string path = env.Absolute(written);
  HOLDS(path.empty() == written.empty() && (path.empty() || absl::StartsWith(path, "/")));
  if (written.find_first_of("~$") == std::string::npos) HOLDS(env.Expand(written) == written);
  // What was shown of the variable before the last "@" would be a password.
  const auto shown = env.NetVariables();
  if (!absl::StartsWith(proxy, "/") && shown.count("HTTPS_PROXY") > 0) {
    HOLDS(!absl::StrContains(shown.at("HTTPS_PROXY"), '@'));
  }
}

}  // namespace hfget::fuzz
