#include "daemon/core/disk_fault.h"

#include <algorithm>

namespace hfget::core {

DiskRemedy RemedyFor(absl::StatusCode code, DiskStage stage) {
  switch (code) {
    case absl::StatusCode::kResourceExhausted:  // no space, or quota
      return DiskRemedy::kWait;
    case absl::StatusCode::kPermissionDenied:  // also read-only
    case absl::StatusCode::kDataLoss:          // EIO
    case absl::StatusCode::kNotFound:          // a folder is gone
    case absl::StatusCode::kOutOfRange:        // a file became shorter
    case absl::StatusCode::kUnavailable:       // the store
    case absl::StatusCode::kInternal:          // ESTALE, ENODEV, EMFILE, …
      return stage == DiskStage::kBegun ? DiskRemedy::kWait : DiskRemedy::kFail;
    default:
      return DiskRemedy::kFail;
  }
}

absl::Duration DiskTrialDelay(int attempt) {
  constexpr int kDoublings = 5;
  return std::min(absl::Seconds(1 << std::clamp(attempt, 0, kDoublings)), absl::Seconds(30));
}

}  // namespace hfget::core
