// Files that lie in their place as themselves, without a store of content behind. What each holds
// is known by metadata kept beside, or by hashing it.
#ifndef HFGET_DAEMON_LAYOUT_PLAIN_FILES_H_
#define HFGET_DAEMON_LAYOUT_PLAIN_FILES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/layout/layout.h"
#include "daemon/layout/target_folder.h"

namespace hfget::layout {

// Where one file lies, below the target.
struct PlainFile {
  std::string path;      // by its name
  std::string partial;   // while it is unfinished
  std::string metadata;  // what is known about it (download_metadata.h); empty: nothing is kept
};

// The file half of a layout: Adopt, IsPresent and Publish do what layout.h says. Metadata counts
// only while the file was not changed later, and never vouches for the wrong bytes, whenever the
// power is lost. Thread: any.
class PlainFiles {
 public:
  PlainFiles(TargetFolder target, std::string commit, HashFile hash_file);

  absl::StatusOr<bool> Adopt(FileSystem& fs, const PlainFile& place, const hub::ManifestFile& file,
                             absl::Time now) const;
  absl::StatusOr<bool> IsPresent(FileSystem& fs, const PlainFile& place,
                                 const hub::ManifestFile& file) const;
  absl::StatusOr<std::optional<FoundContent>> Find(FileSystem& fs, const PlainFile& place) const;
  // The file stays, and what is known about it goes: the next look reads it.
  absl::Status Distrust(FileSystem& fs, const PlainFile& place) const;
  // A file or a link that is there is replaced, never written through.
  absl::Status Publish(FileSystem& fs, const PlainFile& place, const hub::ManifestFile& file,
                       absl::Time now) const;

 private:
  enum class Found { kNo, kContentOnly, kContentAndMetadata };

  absl::StatusOr<Found> Look(FileSystem& fs, const PlainFile& place,
                             const hub::ManifestFile& file) const;
  absl::StatusOr<std::string> HashOf(FileSystem& fs, const PlainFile& place,
                                     const ContentHash& like, const FileInfo& info) const;
  absl::Status RemoveMetadata(FileSystem& fs, const PlainFile& place) const;
  absl::Status PublishPartial(FileSystem& fs, const PlainFile& place) const;
  absl::Status WriteMetadata(FileSystem& fs, const PlainFile& place, const hub::ManifestFile& file,
                             absl::Time now) const;

  // A file that was hashed, as it was then: a pull looks at it several times.
  struct Hashed {
    uint64_t inode = 0;
    absl::Time modified;
    std::string hash;
  };

  const TargetFolder target_;
  const std::string commit_;
  const HashFile hash_file_;

  mutable absl::Mutex mu_;
  mutable absl::flat_hash_map<std::string, Hashed> hashed_ ABSL_GUARDED_BY(mu_);  // by path
};

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_PLAIN_FILES_H_
