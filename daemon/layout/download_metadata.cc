#include "daemon/layout/download_metadata.h"

#include <cmath>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace hfget::layout {

std::string DownloadMetadata::ToText() const {
  const double seconds = absl::ToDoubleSeconds(saved - absl::UnixEpoch());
  return absl::StrFormat("%s\n%s\n%.6f\n", commit, etag, seconds);
}

std::optional<DownloadMetadata> DownloadMetadata::FromText(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  double seconds;
  if (lines.size() < 3 || !absl::SimpleAtod(lines[2], &seconds) || !std::isfinite(seconds))
    return std::nullopt;
  DownloadMetadata metadata;
  metadata.commit = std::string(absl::StripAsciiWhitespace(lines[0]));
  metadata.etag = std::string(absl::StripAsciiWhitespace(lines[1]));
  metadata.saved = absl::UnixEpoch() + absl::Seconds(seconds);
  // Beyond all clocks: the file would count as unchanged for ever.
  if (metadata.saved == absl::InfiniteFuture() || metadata.saved == absl::InfinitePast()) return std::nullopt;
  return metadata;
}

}  // namespace hfget::layout
