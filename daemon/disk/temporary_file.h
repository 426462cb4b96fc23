// A file beside `path` that is to be renamed over it.
#ifndef HFGET_DAEMON_DISK_TEMPORARY_FILE_H_
#define HFGET_DAEMON_DISK_TEMPORARY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "daemon/disk/posix_file.h"

namespace hfget::disk {

struct TemporaryFile {
  Descriptor descriptor;  // open for writing, empty, and ours alone
  std::string path;
};

// A name beside `path` that no other thread, daemon or earlier run uses.
std::string UniqueBeside(const std::string& path);

// Has the same name every time for one `path`, so that who was killed leaves at most one, and the next who writes `path` takes it
// away: its lock tells whether its maker lives. While he does, and where there are no locks, the name is unique instead.
absl::StatusOr<TemporaryFile> MakeTemporaryBeside(const std::string& path);

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_TEMPORARY_FILE_H_
