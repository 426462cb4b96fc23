#include "daemon/layout/ref_file.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"
#include "daemon/hub/repo_id.h"

namespace hfget::layout {
namespace {

std::string RefPath(absl::string_view folder, absl::string_view revision) {
  return JoinPath(folder, absl::StrCat("refs/", revision));
}

}  // namespace

std::optional<std::string> ReadRefFile(FileSystem& fs, const TargetFolder& target,
                                       absl::string_view folder, const std::string& revision) {
  if (!hub::CheckRevision(revision).ok()) return std::nullopt;
  const absl::StatusOr<std::string> content =
      fs.ReadFile(target.Path(RefPath(folder, revision)), 100);
  if (!content.ok()) return std::nullopt;
  const std::string commit(absl::StripSuffix(*content, "\n"));
  if (!hub::IsFullCommit(commit)) return std::nullopt;
  return commit;
}

absl::Status WriteRefFile(FileSystem& fs, const TargetFolder& target, absl::string_view folder,
                          absl::string_view staging, const std::string& revision,
                          const std::string& commit) {
  if (revision == commit || ReadRefFile(fs, target, folder, revision) == commit)
    return absl::OkStatus();
  HFGET_RETURN_IF_ERROR(hub::CheckRevision(revision));
  return target.PlaceSmall(fs, staging, RefPath(folder, revision), commit);
}

}  // namespace hfget::layout
