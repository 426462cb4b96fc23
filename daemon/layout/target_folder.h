// A folder that a pull writes below, and never out of: every folder on the way is a real one, not a
// symbolic link.
#ifndef HFGET_DAEMON_LAYOUT_TARGET_FOLDER_H_
#define HFGET_DAEMON_LAYOUT_TARGET_FOLDER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/base/file_system.h"

namespace hfget::layout {

// Where unfinished files lie, below a repo's folder or a local folder's .cache/huggingface.
constexpr absl::string_view kPartialFolder = ".hfget";

// Constant after construction. The root itself may be a link: that is the user's choice. Paths are
// relative to it. Errors: FAILED_PRECONDITION, naming what is in the way, for a link or a file
// where a folder must be, or a folder where a file must be.
class TargetFolder {
 public:
  explicit TargetFolder(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string Path(absl::string_view relative) const { return JoinPath(root_, relative); }

  // Makes the root, and `folder` below it, with every new name on the disk when it returns. What
  // was made is added to `made`.
  absl::Status Make(FileSystem& fs, absl::string_view folder,
                    std::vector<std::string>* made = nullptr) const;
  // Whether `file` could be placed: nothing is made.
  absl::Status CheckWay(FileSystem& fs, absl::string_view file) const;

  // Moves a finished file to `file`, over what is there, durably. `from` is a full path on the same
  // file system.
  absl::Status Place(FileSystem& fs, const std::string& from, absl::string_view file) const;
  // Places a small file whose half-written form must never be seen beside it, by way of `staging`
  // (a folder).
  absl::Status PlaceSmall(FileSystem& fs, absl::string_view staging, absl::string_view file,
                          absl::string_view data) const;
  // Makes the symbolic link `link` -> `target`, durably.
  absl::Status Link(FileSystem& fs, const std::string& target, absl::string_view link) const;

 private:
  std::string root_;
};

// Makes `folders` below `target` and tries to write into each; takes back what it made when that
// fails. Errors: what the file system said, with the folder and what to do.
absl::Status CheckFoldersWritable(FileSystem& fs, const TargetFolder& target,
                                  const std::vector<std::string>& folders,
                                  absl::string_view option);

// A short name that stands for `text` within one folder. The same on every machine. Not a proof of
// anything.
std::string ShortName(absl::string_view text);

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_TARGET_FOLDER_H_
