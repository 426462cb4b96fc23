// <path>.metadata: which commit and content a file of a local folder was when it was last looked
// at. Source: reference §4.2.
#ifndef HFGET_DAEMON_LAYOUT_DOWNLOAD_METADATA_H_
#define HFGET_DAEMON_LAYOUT_DOWNLOAD_METADATA_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hfget::layout {

struct DownloadMetadata {
  std::string commit;
  std::string etag;
  absl::Time saved;  // counts only when the file was not changed later

  // The client allows a second, because modification times may be coarse.
  bool HoldsFor(absl::Time modified) const { return modified - absl::Seconds(1) <= saved; }

  std::string ToText() const;
  static std::optional<DownloadMetadata> FromText(absl::string_view text);
};

}  // namespace hfget::layout

#endif  // HFGET_DAEMON_LAYOUT_DOWNLOAD_METADATA_H_
