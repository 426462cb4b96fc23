#include "daemon/hub/manifest_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace hfget::hub {

ManifestBuilder::ManifestBuilder(RepoId repo, std::string commit, Limits limits) : limits_(limits) {
  manifest_->repo = std::move(repo);
  manifest_->commit = std::move(commit);
}

absl::Status ManifestBuilder::AddPage(std::vector<ManifestFile> rows) {
  for (ManifestFile& file : rows) HFGET_RETURN_IF_ERROR(Add(std::move(file)));
  return absl::OkStatus();
}

absl::Status ManifestBuilder::Add(ManifestFile file) {
  path_bytes_ += file.path.size();
  if (files() == limits_.files || path_bytes_ > limits_.path_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the listing has more than ", limits_.files,
                                                     " files, or more than ", limits_.path_bytes,
                                                     " bytes of names"));
  }
  if (file.size > limits_.total_bytes - total_bytes_) {
    return absl::ResourceExhaustedError("the files of the listing are larger than any disk");
  }
  HFGET_RETURN_IF_ERROR(paths_.Add(file.path));
  total_bytes_ += file.size;
  manifest_->files.push_back(std::move(file));
  return absl::OkStatus();
}

}  // namespace hfget::hub
