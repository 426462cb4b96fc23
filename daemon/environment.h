// What the process was born with, as a value, so that every rule that reads it can be tested.
#ifndef HFGET_DAEMON_ENVIRONMENT_H_
#define HFGET_DAEMON_ENVIRONMENT_H_

#include <sys/types.h>

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace hfget {

struct Environment {
  std::map<std::string, std::string> variables;
  std::string home;  // the user database's word, for when $HOME is not set
  std::string working_folder = "/";
  uid_t uid = 0;

  static Environment OfProcess();

  // "" when it is not set: an empty variable is the same as none everywhere in hfget.
  std::string Get(absl::string_view name) const;
  // 1, ON, YES and TRUE in any case, as huggingface_hub reads its switches.
  bool IsTrue(absl::string_view name) const;
  // Those that decide about the net and are set: endpoint, sources, proxies, CA bundles; URLs without user and password.
  std::map<std::string, std::string> NetVariables() const;
  // $HOME or `home`.
  std::string Home() const;
  // "~" at the front, then "$NAME" and "${NAME}", as Python's expanduser and expandvars: unknown
  // names stay as they are.
  std::string Expand(absl::string_view path) const;
  // Expand, then against the working folder. Empty stays empty.
  std::string Absolute(absl::string_view path) const;
};

}  // namespace hfget

#endif  // HFGET_DAEMON_ENVIRONMENT_H_
