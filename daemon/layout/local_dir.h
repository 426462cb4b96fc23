// A plain folder, with the metadata that `hf download --local-dir` keeps beside. Source: reference
// §4.2.
#ifndef HFGET_DAEMON_LAYOUT_LOCAL_DIR_H_
#define HFGET_DAEMON_LAYOUT_LOCAL_DIR_H_

#include <optional>
#include <string>

#include "daemon/layout/layout.h"
#include "daemon/layout/plain_files.h"
#include "daemon/layout/target_folder.h"

namespace hfget::layout {

class LocalDirLayout final : public Layout {
 public:
  LocalDirLayout(std::string local_dir, hub::RepoId repo, std::string commit, HashFile hash_file);

  std::string SnapshotPath() const override;
  std::string FinalPath(const hub::ManifestFile& file) const override;
  // Below .cache/huggingface, where git, backups, `hf upload` and `hf cache verify` do not look.
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
  // Always nullopt: a local folder keeps no refs.
  std::optional<std::string> ReadRef(FileSystem& fs, const std::string& revision) override;
  absl::Status Finish(FileSystem& fs, const std::string& revision,
                      const std::string& commit) override;
  absl::Status CheckWritable(FileSystem& fs) override;

 private:
  PlainFile PlaceOf(const hub::ManifestFile& file) const;

  const hub::RepoId repo_;
  const TargetFolder target_;
  const PlainFiles files_;
};

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_LOCAL_DIR_H_
