// Which files of a listing are kept. Follows huggingface_hub and Python's fnmatch to the letter.
// Source: reference/hf-hub-protocol.md §5.
#ifndef HFGET_DAEMON_HUB_FILTERS_H_
#define HFGET_DAEMON_HUB_FILTERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hfget::hub {

// Python's fnmatch.fnmatchcase: "*" crosses "/", "?", "[seq]", "[!seq]" (ranges, "]" first, an unclosed "[" is itself);
// no escapes; dot files are not special; on code points of valid UTF-8, on bytes otherwise. Linear in |text|·|pattern|.
bool FnMatch(absl::string_view text, absl::string_view pattern);

struct Filters {
  // Names (exact, also with a "[" in them) or patterns; with these set, include and exclude are ignored.
  std::vector<std::string> files;
  std::vector<std::string> include;
  std::vector<std::string> exclude;

  bool Keeps(absl::string_view path) const;
  bool empty() const { return files.empty() && include.empty() && exclude.empty(); }
  // The one plain file that was asked for (no wildcard, no trailing slash), or empty.
  std::string SingleFile() const;
};

// What `hf download` would make of these words: "\" becomes "/", a trailing "/" gets "*" ("**" for files). Errors:
// INVALID_ARGUMENT for an empty pattern, a NUL, an absolute one, or a folder ("art/") together with include or exclude.
absl::Status Normalise(Filters& filters);

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_FILTERS_H_
