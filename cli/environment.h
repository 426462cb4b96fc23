// The environment variables as a value, so that every rule that reads them can be tested.
#ifndef HFGET_CLI_ENVIRONMENT_H_
#define HFGET_CLI_ENVIRONMENT_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace hfget::cli {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  static Environment OfProcess();

  // "" when it is not set: an empty variable is the same as none everywhere in hfget.
  std::string Get(absl::string_view name) const;
  // Set, maybe to nothing.
  bool Has(absl::string_view name) const { return values_.count(std::string(name)) > 0; }
  // 1, ON, YES and TRUE in any case, as huggingface_hub reads its switches.
  bool IsTrue(absl::string_view name) const;

  // $HOME, or else what the user database says.
  std::string Home() const;
  // "~" and "~user" at the front, as os.path.expanduser; an unknown user stays as it is.
  std::string ExpandUser(absl::string_view path) const;
  // ExpandUser, then "$NAME" and "${NAME}", as os.path.expandvars: unknown names stay as they are.
  std::string Expand(absl::string_view path) const;

 private:
  std::map<std::string, std::string> values_;
};

// `path` made absolute against `cwd`, without "." parts; ".." parts stay when there are any (they
// may cross a link).
std::string AbsolutePath(absl::string_view cwd, absl::string_view path);

}  // namespace hfget::cli

#endif  // HFGET_CLI_ENVIRONMENT_H_
