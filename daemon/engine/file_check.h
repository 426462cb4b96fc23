// Whether one file on this machine is what the listing says, byte for byte.
#ifndef HFGET_DAEMON_ENGINE_FILE_CHECK_H_
#define HFGET_DAEMON_ENGINE_FILE_CHECK_H_

#include <memory>
#include <optional>

#include "daemon/base/file_system.h"
#include "daemon/disk/digest.h"
#include "daemon/engine/api.h"
#include "daemon/layout/layout.h"

namespace hfget::engine {

// Reads in slices, so that a large file does not keep others from a thread of the disk pool. Blocks: disk pool only, one thread at a time.
class FileCheck {
 public:
  // `distrust`: what is not as listed is given up (Layout::Distrust) when it is certain that nothing good goes: it was read to its end, or the disk
  // has lost it; it has not the listed content under a size that is listed wrongly; and nobody has put another in its place meanwhile.
  FileCheck(const hub::ManifestFile& file, bool distrust) : file_(file), distrust_(distrust) { verdict_.file = &file; }

  // Reads about `most` bytes. True when the verdict is known.
  bool Advance(FileSystem& fs, layout::Layout& layout, ByteCount most);

  // REQUIRES: it is known.
  const FileVerdict& verdict() const { return verdict_; }
  ByteCount read() const { return read_; }  // so far
  // Not OK: it was to be given up and is still there.
  const absl::Status& kept() const { return kept_; }

 private:
  using Verdict = FileVerdict::Verdict;

  // Finds what is there; what can be said without reading it is said.
  void Look(FileSystem& fs, layout::Layout& layout);
  void Read(ByteCount most);
  void OnWhole();
  void Say(Verdict verdict, std::string message);
  void SayWrongSize();
  void SayUnreadable(const absl::Status& status);
  bool Wrong() const;
  // Another copy may have been behind the one that was given up: that one is looked at too.
  void GiveUp(FileSystem& fs, layout::Layout& layout);
  void LookAgain();

  const hub::ManifestFile& file_;
  const bool distrust_;
  FileVerdict verdict_;
  bool said_ = false;
  bool named_ = true;
  bool lost_ = false;  // by the disk
  bool fits_ = false;  // the content is the listed one, whatever the listing says of its size
  FileInfo seen_;      // what was looked at
  int looks_ = 0;
  std::unique_ptr<File> open_;
  std::optional<disk::FileHasher> hasher_;
  std::optional<FileVerdict> first_;  // of the copy that was given up
  absl::Status kept_;
  ByteCount read_ = 0;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_FILE_CHECK_H_
