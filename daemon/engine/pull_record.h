// Whether a recorded pull can be taken up.
#ifndef HFGET_DAEMON_ENGINE_PULL_RECORD_H_
#define HFGET_DAEMON_ENGINE_PULL_RECORD_H_

#include "absl/status/status.h"
#include "hfget/v1/records.pb.h"

namespace hfget::engine {

// A record may be another version's, or damaged in a way that no checksum saw; its numbers become enums and its texts parts
// of paths and URLs. Errors: INVALID_ARGUMENT, what about it cannot be.
absl::Status CheckPullRecord(const records::v1::PullRecord& record);

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_PULL_RECORD_H_
