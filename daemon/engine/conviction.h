// Why a source is convicted: which bytes of which file it sent, and how one sees that they are wrong.
#ifndef HFGET_DAEMON_ENGINE_CONVICTION_H_
#define HFGET_DAEMON_ENGINE_CONVICTION_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/core/provenance.h"
#include "daemon/hub/manifest.h"
#include "hfget/v1/records.pb.h"

namespace hfget::engine {

// "3, 7-9, 12 and 4 more": at most `most` runs are named. REQUIRES: ascending, not empty.
std::string PieceRuns(const std::vector<PieceIndex>& pieces, size_t most = 8);

// REQUIRES: provenance.Convicted() names `pieces` of `source`, and all of `file` has the listed hash by now.
records::v1::ConvictionRecord ConvictionOf(core::SourceIndex source, const hub::ManifestFile& file,
                                           const core::Provenance& provenance, const std::vector<PieceIndex>& pieces,
                                           absl::Time now);

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_CONVICTION_H_
