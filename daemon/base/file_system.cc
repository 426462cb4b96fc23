#include "daemon/base/file_system.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace hfget {

std::string JoinPath(absl::string_view parent, absl::string_view leaf) {
  if (parent.empty()) return std::string(leaf);
  if (leaf.empty()) return std::string(parent);
  return absl::StrCat(absl::StripSuffix(parent, "/"), "/", leaf);
}

std::string ParentPath(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace hfget
