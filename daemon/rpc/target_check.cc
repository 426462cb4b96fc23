#include "daemon/rpc/target_check.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/file_system.h"
#include "daemon/base/status.h"
#include "daemon/core/access.h"

namespace hfget::rpc {
namespace {

// Where it leads; names that are not there yet stay as they are, but for ".." .
absl::StatusOr<std::string> WithoutLinks(const std::string& path) {
  std::error_code error;
  std::string out = std::filesystem::weakly_canonical(path, error).string();
  if (error) return absl::PermissionDeniedError(absl::StrCat("cannot look at the target ", path, ": ", error.message()));
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

absl::Status Outside(const std::string& asked, const std::vector<std::string>& roots) {
  return absl::PermissionDeniedError(
      absl::StrCat("the target ", asked, " is outside of the folders that this daemon writes to for you (", absl::StrJoin(roots, ", "),
                   "): choose one of them with --cache-dir or --local-dir"));
}

bool Exists(const std::string& path, struct stat* info) { return lstat(path.c_str(), info) == 0; }

}  // namespace

absl::StatusOr<std::string> TargetCheck::Resolve(const std::string& owner, const std::string& folder) const {
  const bool guest = !owner.empty();
  if (allowed_.empty() && !guest) return folder;
  const std::vector<std::string>& named = allowed_.empty() ? own_caches_ : allowed_;
  std::vector<std::string> roots;
  for (const std::string& root : named) {
    HFGET_ASSIGN_OR_RETURN(roots.emplace_back(), WithoutLinks(root));
  }
  HFGET_ASSIGN_OR_RETURN(std::string resolved, WithoutLinks(folder));
  const std::string* root = core::RootOf(resolved, roots);
  if (root == nullptr) return Outside(folder, named);
  HFGET_RETURN_IF_ERROR(CheckChain(*root, resolved, guest, folder));
  return resolved;
}

absl::Status TargetCheck::CheckChain(const std::string& root, const std::string& folder, bool guest, const std::string& asked) const {
  struct stat info {};
  std::string at = folder;
  // Up to the root, and on to the first folder that is there: in it the missing ones will be made.
  for (bool above = false; !above; at = ParentPath(at)) {
    const bool there = Exists(at, &info);
    above = (at.size() <= root.size() && there) || at == "/";
    if (!there) {
      if (errno == ENOENT) continue;
      return absl::PermissionDeniedError(absl::StrCat("cannot look at the target ", asked, ": ", std::strerror(errno)));
    }
    if (!S_ISDIR(info.st_mode)) {
      return absl::PermissionDeniedError(absl::StrCat("the target ", asked, " leads over something that is no folder"));
    }
    if (guest && !core::OnlyOursToChange(info.st_uid, info.st_mode, own_uid_)) {
      return absl::PermissionDeniedError(absl::StrCat(
          "the target ", asked, " lies in a folder that others than the daemon's user can change, so that it could be made to lead "
          "elsewhere: choose another one, or have it given to the daemon's user and closed with chmod go-w"));
    }
  }
  return absl::OkStatus();
}

absl::Status TargetCheck::Repeat(const std::string& owner, const std::string& resolved) const {
  HFGET_ASSIGN_OR_RETURN(const std::string now, Resolve(owner, resolved));
  if (owner.empty() || now == resolved) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the target ", resolved, " leads elsewhere than when the pull was accepted: pull again"));
}

}  // namespace hfget::rpc
