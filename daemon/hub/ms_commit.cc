#include "daemon/hub/ms_commit.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/sha256.h"

namespace hfget::hub {

std::string MsCommit(const ManifestFiles& files) {
  constexpr absl::string_view kNul("\0", 1);
  std::vector<std::string> lines;
  lines.reserve(files.size());
  for (const ManifestFile& file : files) {
    lines.push_back(absl::StrCat(file.path, kNul, file.size, kNul, file.hash.hex, "\n"));
  }
  std::sort(lines.begin(), lines.end());
  return Sha256Hex(absl::StrJoin(lines, "")).substr(0, 40);
}

}  // namespace hfget::hub
