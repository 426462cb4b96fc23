#include "daemon/hub/manifest_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace hfget::hub {

namespace {

// Of a string that lies outside of its object, with what the allocator adds.
ByteCount Outside(const std::string& text) {
  constexpr size_t kInside = 15, kAllocator = 16;
  return text.size() <= kInside ? 0 : static_cast<ByteCount>(text.size() + kAllocator);
}

ByteCount HeldBy(const ManifestFile& file) {
  return static_cast<ByteCount>(sizeof(file)) + Outside(file.path) + Outside(file.hash.hex) + Outside(file.git_oid) +
         Outside(file.xet_hash);
}

}  // namespace

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
  held_bytes_ += HeldBy(file);
  if (held_bytes_ > limits_.held_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the listing takes more than ", limits_.held_bytes / kMiB, " MiB of memory: it has too many files"));
  }
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
