// <path>.metadata of a local folder.
#include "daemon/layout/download_metadata.h"

#include "daemon/hub/headers.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  hub::BareEtag(input);
  const auto metadata = layout::DownloadMetadata::FromText(input);
  if (!metadata) return;
  HOLDS(metadata->saved > absl::InfinitePast());
  // A time that no clock has shown must not make a file good for ever.
  HOLDS(!metadata->HoldsFor(absl::InfiniteFuture()));
  const auto again = layout::DownloadMetadata::FromText(metadata->ToText());
  HOLDS(again && again->commit == metadata->commit && again->etag == metadata->etag);
  HOLDS(absl::AbsDuration(again->saved - metadata->saved) <= absl::Milliseconds(1) ||
        absl::AbsDuration(metadata->saved - absl::UnixEpoch()) > absl::Hours(24) * 366 * 10'000);
}

}  // namespace hfget::fuzz
