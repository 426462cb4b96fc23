// Where the bytes of one pull end up. A layout plans paths and performs publication through a
// FileSystem; it knows neither the net nor the engine. A new target is one new file beside this
// one.
#ifndef HFGET_DAEMON_LAYOUT_LAYOUT_H_
#define HFGET_DAEMON_LAYOUT_LAYOUT_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/base/file_system.h"
#include "daemon/hub/manifest.h"

namespace hfget::layout {

// A file in which the content of a listed one should be.
struct FoundContent {
  std::string path;
  bool named = true;  // it is what the name under this commit leads to
};

// Constant after construction. Methods that take a FileSystem block: disk pool only.
class Layout {
 public:
  virtual ~Layout() = default;

  // The folder that a user gets as the answer: snapshots/<commit>, or the local folder.
  virtual std::string SnapshotPath() const = 0;
  // Where the file will be found by its name.
  virtual std::string FinalPath(const hub::ManifestFile& file) const = 0;
  // The unfinished file, below a ".hfget" folder on the same file system as its final place. Equal
  // for equal content in the same cache repo, so that two pulls share it.
  virtual std::string PartialPath(const hub::ManifestFile& file) const = 0;
  // The lock that huggingface_hub takes for this file.
  virtual std::string LockPath(const hub::ManifestFile& file) const = 0;

  // Whether the file is there by name, complete, under this commit, so that nothing need be done
  // for it. True also after the missing link (cache) or metadata (local folder) was made for
  // content that is there by hash. Cheap: no hashing unless a local folder holds a file of the
  // right size without metadata.
  virtual absl::StatusOr<bool> Adopt(FileSystem& fs, const hub::ManifestFile& file,
                                     absl::Time now) = 0;
  // Like Adopt, but touches nothing (dry run).
  virtual absl::StatusOr<bool> IsPresent(FileSystem& fs, const hub::ManifestFile& file) = 0;

  // What lies where the content should be, be it right or wrong; nullopt: nothing.
  virtual absl::StatusOr<std::optional<FoundContent>> Find(FileSystem& fs, const hub::ManifestFile& file) = 0;
  // What Find finds was read and is not what is listed: it is not taken for that any more without being read. In a cache, where others
  // would go on to take it, it is removed.
  virtual absl::Status Distrust(FileSystem& fs, const hub::ManifestFile& file) = 0;

  // REQUIRES: the partial file's hash was verified and it was synced. rename -> link -> fsync of
  // the directories.
  virtual absl::Status Publish(FileSystem& fs, const hub::ManifestFile& file, absl::Time now) = 0;

  // The listing that was pinned, kept where huggingface_hub keeps it (trees/<commit>.json); nullopt
  // when not there or not readable as one.
  virtual absl::Status WriteTree(FileSystem& fs, const hub::Manifest& manifest) = 0;
  virtual std::optional<hub::Manifest> ReadTree(FileSystem& fs, const std::string& commit) = 0;
  // The commit that `revision` pointed to at the last pull; for "already there" messages, never
  // instead of asking the hub.
  virtual std::optional<std::string> ReadRef(FileSystem& fs, const std::string& revision) = 0;

  // After the last file: refs/<revision> (only when revision is not the commit), last of all.
  virtual absl::Status Finish(FileSystem& fs, const std::string& revision,
                              const std::string& commit) = 0;

  // Before the first byte: folders can be made and written. Errors name the folder and what to do.
  virtual absl::Status CheckWritable(FileSystem& fs) = 0;
};

// `cache_dir` as in HF_HUB_CACHE, absolute. Source: reference §4.1.
std::unique_ptr<Layout> NewHfCacheLayout(std::string cache_dir, hub::RepoId repo,
                                         std::string commit);

// Hash of a file's content, given by disk/ (layout/ knows no digest): for files that lie in a local
// folder without metadata.
using HashFile = absl::AnyInvocable<absl::StatusOr<std::string>(
    FileSystem&, const std::string& path, const ContentHash& like) const>;
// `local_dir` absolute. Source: reference §4.2.
std::unique_ptr<Layout> NewLocalDirLayout(std::string local_dir, hub::RepoId repo,
                                          std::string commit, HashFile hash_file);

// SHA-256 of `text` in hex, given by disk/ too: names in ModelScope's cache are made with it.
using Sha256Text = std::string (*)(absl::string_view text);
// Where ModelScope's newest SDK looks. `cache_dir` as in MODELSCOPE_CACHE, absolute; `revision` as
// it was asked for ("master" when none was), checked by hub::CheckRevision. Source:
// tests/hub_server/MODELSCOPE.md, "The cache of the newest SDK".
std::unique_ptr<Layout> NewModelScopeCacheLayout(std::string cache_dir, hub::RepoId repo,
                                                 std::string revision, std::string commit,
                                                 HashFile hash_file, Sha256Text sha256_text);
// One line for the user when ModelScope's SDK would take the files of an older layout in
// `cache_dir` instead of those that are put there now: what, where, what to do. nullopt: it finds
// the new ones. Source: the same, "The old layout".
std::optional<std::string> ModelScopeCaveat(FileSystem& fs, const std::string& cache_dir,
                                            const hub::RepoId& repo);

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_LAYOUT_H_
