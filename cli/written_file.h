// A file that is written as a whole: whoever reads meanwhile sees the old one or the new one.
#ifndef HFGET_CLI_WRITTEN_FILE_H_
#define HFGET_CLI_WRITTEN_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hfget::cli {

enum class Secrecy {
  kOwner,   // mode 0600, whatever it was
  kShared,  // as the umask says
};

// A link stays a link; what is no regular file (a pipe, /dev/null) is written to as it is.
// Errors: why not, with the path.
absl::Status WriteWholeFile(const std::string& path, absl::string_view data, Secrecy secrecy);

// Whether WriteWholeFile could begin, before there is anything to write. Leaves nothing behind.
// Errors: INVALID_ARGUMENT.
absl::Status CheckWritable(const std::string& path);

}  // namespace hfget::cli

#endif  // HFGET_CLI_WRITTEN_FILE_H_
