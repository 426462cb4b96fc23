#include "daemon/hub/manifest_builder.h"

#include <utility>

#include "daemon/base/status.h"

namespace hfget::hub {

ManifestBuilder::ManifestBuilder(RepoId repo, std::string commit) {
  manifest_.repo = std::move(repo);
  manifest_.commit = std::move(commit);
}

absl::Status ManifestBuilder::AddPage(std::vector<ManifestFile> rows) {
  for (ManifestFile& file : rows) HFGET_RETURN_IF_ERROR(Add(std::move(file)));
  return absl::OkStatus();
}

absl::Status ManifestBuilder::Add(ManifestFile file) {
  path_bytes_ += file.path.size();
  if (files() == kMaxFiles || path_bytes_ > kMaxPathBytes) {
    return absl::ResourceExhaustedError(
        "the listing has more than 5,000,000 files, or 512 MiB of names");
  }
  if (file.size > kMaxTotalBytes - total_bytes_) {
    return absl::ResourceExhaustedError("the files of the listing are larger than any disk");
  }
  HFGET_RETURN_IF_ERROR(paths_.Add(file.path));
  total_bytes_ += file.size;
  manifest_.files.push_back(std::move(file));
  return absl::OkStatus();
}

Manifest ManifestBuilder::Build() && { return std::move(manifest_); }

}  // namespace hfget::hub
