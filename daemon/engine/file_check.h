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
  // `distrust`: what is not as listed is given up (Layout::Distrust), unless it was the right to read it that was missing.
  FileCheck(const hub::ManifestFile& file, bool distrust) : file_(file), distrust_(distrust) { verdict_.file = &file; }

  // Reads about `most` bytes. True when the verdict is known.
  bool Advance(FileSystem& fs, layout::Layout& layout, ByteCount most);

  // REQUIRES: it is known.
  const FileVerdict& verdict() const { return verdict_; }
  ByteCount read() const { return read_; }  // so far

 private:
  using Verdict = FileVerdict::Verdict;

  // Finds what is there; what can be said without reading it is said.
  void Look(FileSystem& fs, layout::Layout& layout);
  void Read(ByteCount most);
  void OnWhole();
  void Say(Verdict verdict, std::string message);
  void SayUnreadable(const absl::Status& status);
  bool Wrong() const;
  // Another copy may have been behind the one that was given up: that one is looked at too.
  void GiveUp(FileSystem& fs, layout::Layout& layout);

  const hub::ManifestFile& file_;
  const bool distrust_;
  FileVerdict verdict_;
  bool said_ = false;
  bool named_ = true;
  bool no_right_ = false;
  std::unique_ptr<File> open_;
  std::optional<disk::FileHasher> hasher_;
  std::optional<FileVerdict> first_;  // of the copy that was given up
  ByteCount read_ = 0;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_FILE_CHECK_H_
