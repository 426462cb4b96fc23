// The Hugging Face cache, as huggingface_hub lays it out, so that every library that reads it finds
// the files. Source: reference §4.1.
#ifndef HFGET_DAEMON_LAYOUT_HF_CACHE_H_
#define HFGET_DAEMON_LAYOUT_HF_CACHE_H_

#include <optional>
#include <string>

#include "daemon/layout/layout.h"
#include "daemon/layout/target_folder.h"

namespace hfget::layout {

class HfCacheLayout final : public Layout {
 public:
  HfCacheLayout(std::string cache_dir, hub::RepoId repo, std::string commit);

  std::string SnapshotPath() const override;
  std::string FinalPath(const hub::ManifestFile& file) const override;
  std::string PartialPath(const hub::ManifestFile& file) const override;
  std::string LockPath(const hub::ManifestFile& file) const override;
  absl::StatusOr<bool> Adopt(FileSystem& fs, const hub::ManifestFile& file,
                             absl::Time now) override;
  absl::StatusOr<bool> IsPresent(FileSystem& fs, const hub::ManifestFile& file) override;
  absl::StatusOr<std::optional<FoundContent>> Find(FileSystem& fs, const hub::ManifestFile& file) override;
  absl::Status Distrust(FileSystem& fs, const hub::ManifestFile& file) override;
  absl::Status Publish(FileSystem& fs, const hub::ManifestFile& file, absl::Time now) override;
  absl::Status WriteTree(FileSystem& fs, const hub::Manifest& manifest) override;
  std::optional<hub::Manifest> ReadTree(FileSystem& fs, const std::string& commit) override;
  std::optional<std::string> ReadRef(FileSystem& fs, const std::string& revision) override;
  absl::Status Finish(FileSystem& fs, const std::string& revision,
                      const std::string& commit) override;
  absl::Status CheckWritable(FileSystem& fs) override;

 private:
  std::string SnapshotFile(
      const hub::ManifestFile& file) const;  // below the repo's folder, like all that follow
  std::string BlobFile(const hub::ManifestFile& file) const;
  std::string LinkTarget(const hub::ManifestFile& file) const;

  absl::StatusOr<bool> HasBlob(FileSystem& fs, const hub::ManifestFile& file) const;
  absl::StatusOr<bool> HasSnapshotFile(FileSystem& fs, const hub::ManifestFile& file) const;
  absl::Status PublishBlob(FileSystem& fs, const hub::ManifestFile& file) const;
  absl::Status CheckLinks(FileSystem& fs) const;
  void TagCache(FileSystem& fs) const;

  const std::string cache_dir_;
  const hub::RepoId repo_;
  const std::string commit_;
  const std::string folder_name_;  // models--org--name
  const TargetFolder target_;      // the repo's folder
};

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_HF_CACHE_H_
