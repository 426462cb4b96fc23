// trees/<commit>.json, which other programs may have written.
#include "daemon/layout/tree_file.h"

#include <algorithm>

#include "tests/fuzz/listing.h"

namespace hfget::fuzz {
namespace {

bool SameFile(const hub::ManifestFile& a, const hub::ManifestFile& b) {
  return a.path == b.path && a.size == b.size && a.hash == b.hash && a.git_oid == b.git_oid;
}

}  // namespace

FUZZ(input) {
  const auto manifest = layout::TreeFromJson(input);
  if (!manifest) return;
  ByteCount total = 0;
  for (const auto& file : manifest->files) {
    hub::ManifestFile without_xet = file;
    without_xet.xet_hash.clear();  // which is never used from here
    CheckFile(without_xet);
    HOLDS(!__builtin_add_overflow(total, file.size, &total));
  }
  for (const auto reader : {layout::TreeReader::kHfget, layout::TreeReader::kClient}) {
    const std::string json = layout::TreeToJson(*manifest, reader);
    if (json.empty()) {
      HOLDS(reader == layout::TreeReader::kClient);
      continue;
    }
    auto again = layout::TreeFromJson(json);
    HOLDS(again && again->files.size() == manifest->files.size());
    auto files = manifest->files;
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    HOLDS(std::equal(files.begin(), files.end(), again->files.begin(), SameFile));
  }
}

}  // namespace hfget::fuzz
