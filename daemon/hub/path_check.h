// Paths from a listing are hostile until checked here.
#ifndef HFGET_DAEMON_HUB_PATH_CHECK_H_
#define HFGET_DAEMON_HUB_PATH_CHECK_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hfget::hub {

// Refused: empty, absolute, "." or ".." or empty component, NUL and control characters, backslash, ".git" as a component
// (any case), what begins with ".hfget", and ".cache/huggingface", at the front (ours and the client's, any case: some file
// systems do not tell), a component over 255 bytes, over 4,000 bytes or 100 components in all, invalid UTF-8. The message
// shows the path escaped and cut.
absl::Status CheckPath(absl::string_view path);

// Across a whole listing: duplicates, a name that is a file here and a folder there, more folders than `max_folders`. Names
// that differ only in case are allowed (Linux). Keeps a hash of 64 bits of each name, not the name: two names with the same hash would be
// taken for duplicates, of five million names by chance once in a million listings; nothing is ever let through for it.
class PathSet {
 public:
  explicit PathSet(size_t max_folders = 5'000'000) : max_folders_(max_folders) {}

  absl::Status Add(absl::string_view path);  // REQUIRES: CheckPath(path) passed

 private:
  size_t max_folders_;
  absl::flat_hash_set<size_t> files_;
  absl::flat_hash_set<size_t> folders_;
};

// For messages: valid UTF-8 that a terminal only shows, at most `max` bytes. Controls, what is not UTF-8, and what changes
// how the text around it is read are escaped.
std::string Printable(absl::string_view text, size_t max = 200);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_PATH_CHECK_H_
