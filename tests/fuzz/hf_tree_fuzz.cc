// Pages of a tree listing, one behind the other: "%%" on a line of its own is between two.
#include <set>

#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/manifest_builder.h"
#include "daemon/hub/url.h"
#include "tests/fuzz/listing.h"

namespace hfget::fuzz {

FUZZ(input) {
  hub::ManifestBuilder builder(hub::RepoId{}, "0123456789abcdef0123456789abcdef01234567");
  for (const absl::string_view page : SplitReplies(input)) {
    auto files = hub::ParseTreePage(page);
    if (!files.ok()) return HOLDS(IsOneLine(files.status().message()));
    for (const auto& file : *files) CheckFile(file);
    const absl::Status added = builder.AddPage(*std::move(files));
    if (!added.ok()) return HOLDS(IsOneLine(added.message()));
  }
  std::set<std::string> paths;
  ByteCount total = 0;
  for (const auto& file : builder.so_far()->files) {
    HOLDS(paths.insert(file.path).second);
    total += file.size;
    const std::string url = hub::ResolveUrl("https://hub.example", {}, "main", file.path);
    HOLDS(url.size() > 8 * 1024 || hub::ParseUrl(url).ok());
  }
  HOLDS(total == builder.total_bytes() && paths.size() == builder.files());
  for (const std::string& path : paths) {  // no file is a folder of another
    for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
      HOLDS(paths.count(path.substr(0, slash)) == 0);
    }
  }
}

}  // namespace hfget::fuzz
