// Paths of a listing: each line is one.
#include "daemon/hub/path_check.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

void CheckAccepted(absl::string_view path) {
  HOLDS(StaysBelow(path) && IsOneLine(path) && path.size() <= 4000);
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    HOLDS(!part.empty() && part.size() <= 255 && part != "." && part != "..");
    HOLDS(absl::AsciiStrToLower(part) != ".git");
  }
}

}  // namespace

FUZZ(input) {
  for (const size_t max : {0, 1, 2, 3, 7, 200}) {
    const std::string shown = hub::Printable(input, max);
    HOLDS(shown.size() <= max && IsOneLine(shown));
    const bool plain = std::all_of(input.begin(), input.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (plain && input.size() <= max) HOLDS(shown == input);
  }
  hub::PathSet set;
  std::set<std::string> known;
  for (const absl::string_view path : absl::StrSplit(input, '\n')) {
    const absl::Status checked = hub::CheckPath(path);
    if (!checked.ok()) {
      HOLDS(IsOneLine(checked.message()));
      continue;
    }
    CheckAccepted(path);
    const absl::Status added = set.Add(path);
    if (!added.ok()) return HOLDS(IsOneLine(added.message()));
    HOLDS(known.insert(std::string(path)).second);
    for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
      HOLDS(known.count(std::string(path.substr(0, slash))) == 0);
    }
  }
}

}  // namespace hfget::fuzz
