// ModelScope's cache, as its newest SDK lays it out: one folder of plain files for each name of a
// revision. Source: tests/hub_server/MODELSCOPE.md, "The cache of the newest SDK".
#ifndef HFGET_DAEMON_LAYOUT_MODELSCOPE_CACHE_H_
#define HFGET_DAEMON_LAYOUT_MODELSCOPE_CACHE_H_

#include <optional>
#include <string>

#include "daemon/layout/layout.h"
#include "daemon/layout/plain_files.h"
#include "daemon/layout/target_folder.h"

namespace hfget::layout {

// The SDK keeps nothing but the files, and takes whatever lies in snapshots/ for one of them. What
// is ours to remember lies in .hfget/ beside: partial/, files/ (metadata), refs/, trees/.
class ModelScopeCacheLayout final : public Layout {
 public:
  ModelScopeCacheLayout(std::string cache_dir, hub::RepoId repo, std::string revision,
                        std::string commit, HashFile hash_file, Sha256Text sha256_text);

  std::string SnapshotPath() const override;
  std::string FinalPath(const hub::ManifestFile& file) const override;
  std::string PartialPath(const hub::ManifestFile& file) const override;
  // The lock that ModelScope's SDK takes, whatever the revision.
  std::string LockPath(const hub::ManifestFile& file) const override;
  absl::StatusOr<bool> Adopt(FileSystem& fs, const hub::ManifestFile& file,
                             absl::Time now) override;
  absl::StatusOr<bool> IsPresent(FileSystem& fs, const hub::ManifestFile& file) override;
  absl::StatusOr<std::optional<FoundContent>> Find(FileSystem& fs, const hub::ManifestFile& file) override;
  absl::Status Distrust(FileSystem& fs, const hub::ManifestFile& file) override;
  absl::Status Publish(FileSystem& fs, const hub::ManifestFile& file, absl::Time now) override;
  absl::Status WriteTree(FileSystem& fs, const hub::Manifest& manifest) override;
  std::optional<hub::Manifest> ReadTree(FileSystem& fs, const std::string& commit) override;
  // Our own note: the SDK keeps no refs.
  std::optional<std::string> ReadRef(FileSystem& fs, const std::string& revision) override;
  absl::Status Finish(FileSystem& fs, const std::string& revision,
                      const std::string& commit) override;
  absl::Status CheckWritable(FileSystem& fs) override;

 private:
  PlainFile PlaceOf(const hub::ManifestFile& file) const;

  const std::string cache_dir_;
  const hub::RepoId repo_;
  const std::string revision_;
  const std::string commit_;
  const Sha256Text sha256_text_;
  const TargetFolder target_;  // the repo's folder
  const PlainFiles files_;
};

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_MODELSCOPE_CACHE_H_
