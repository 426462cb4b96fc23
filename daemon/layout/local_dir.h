// A plain folder, with the metadata that `hf download --local-dir` keeps beside. Source: reference
// §4.2.
#ifndef HFGET_DAEMON_LAYOUT_LOCAL_DIR_H_
#define HFGET_DAEMON_LAYOUT_LOCAL_DIR_H_

#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "daemon/layout/layout.h"
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
  absl::Status Publish(FileSystem& fs, const hub::ManifestFile& file, absl::Time now) override;
  absl::Status WriteTree(FileSystem& fs, const hub::Manifest& manifest) override;
  std::optional<hub::Manifest> ReadTree(FileSystem& fs, const std::string& commit) override;
  // Always nullopt: a local folder keeps no refs.
  std::optional<std::string> ReadRef(FileSystem& fs, const std::string& revision) override;
  absl::Status Finish(FileSystem& fs, const std::string& revision,
                      const std::string& commit) override;
  absl::Status CheckWritable(FileSystem& fs) override;

 private:
  enum class Found { kNo, kContentOnly, kContentAndMetadata };

  absl::StatusOr<Found> Look(FileSystem& fs, const hub::ManifestFile& file) const;
  absl::StatusOr<std::string> HashOf(FileSystem& fs, const hub::ManifestFile& file,
                                     const FileInfo& info) const;
  absl::Status PublishPartial(FileSystem& fs, const hub::ManifestFile& file) const;
  absl::Status WriteMetadata(FileSystem& fs, const hub::ManifestFile& file, absl::Time now) const;

  // A file that was hashed, as it was then: a pull looks at it several times.
  struct Hashed {
    uint64_t inode = 0;
    absl::Time modified;
    std::string hash;
  };

  const hub::RepoId repo_;
  const std::string commit_;
  const HashFile hash_file_;
  const TargetFolder target_;

  mutable absl::Mutex mu_;
  mutable absl::flat_hash_map<std::string, Hashed> hashed_ ABSL_GUARDED_BY(mu_);  // by path
};

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_LOCAL_DIR_H_
