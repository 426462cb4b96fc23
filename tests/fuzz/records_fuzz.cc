// What the store hands back after damage that its checksums do not see: another program's bytes, another version's. The
// first byte says which record.
#include "absl/time/time.h"
#include "daemon/core/connection_limit.h"
#include "daemon/core/piece_map.h"
#include "daemon/core/proof.h"
#include "daemon/core/source_stats.h"
#include "daemon/core/pull_state.h"
#include "daemon/disk/digest.h"
#include "daemon/engine/pull_record.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/url.h"
#include "hfget/v1/records.pb.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

using namespace records::v1;

void UseTransfer(const TransferRecord& record) {
  const ByteCount size = 100 * kMiB + 12345;  // of the listing: a record of another size is not used
  const std::string& bitmap = record.durable_pieces();
  core::PieceMap map(size);
  map.LoadDurable(bitmap);
  HOLDS(map.Consistent() && map.written_bytes() <= size);
  HOLDS(map.DurableBitmap().size() == static_cast<size_t>(map.count() + 7) / 8);
  PieceIndex last = 0;
  for (const PieceRange& run : core::PieceMap::DurableRuns(bitmap, size)) {
    HOLDS(run.begin >= last && run.end > run.begin && run.end <= map.count());
    last = run.end;
  }
  for (const auto kind : {ContentHash::Kind::kNone, ContentHash::Kind::kGitSha1, ContentHash::Kind::kSha256}) {
    auto hasher = disk::FileHasher::FromState(kind, size, record.hashed_bytes(), record.hash_state());
    if (!hasher) continue;
    HOLDS(hasher->hashed_bytes() >= 0 && hasher->hashed_bytes() <= size);
    HOLDS(hasher->ExportState() == record.hash_state());
    hasher->Update("more bytes than the block still wants, so that it is worked on: 0123456789abcdef");
    hasher->Result();
  }
}

// What the engine decides on must be numbers that it can count with.
void UseStats(double rate, double latency, double deviation, double success, int64_t at) {
  core::SourceStats stats;
  const absl::Time wall = absl::FromUnixSeconds(1'700'000'000);
  stats.Load(rate, absl::Seconds(latency), absl::Seconds(deviation), success, wall - absl::FromUnixMillis(at));
  HOLDS(stats.connection_rate() >= 0 && stats.success() >= 0 && stats.success() <= 1);
  HOLDS(stats.latency() > absl::ZeroDuration() && stats.latency() < absl::Hours(1));
  HOLDS(stats.times().deviation() >= absl::ZeroDuration() && stats.times().deviation() < absl::Hours(1));
  HOLDS(stats.StallAfter() >= absl::Seconds(2) && stats.StallAfter() <= absl::Seconds(20));
}

void UseSource(const SourceRecord& record) {
  UseStats(record.rate_bytes_per_sec(), record.latency_seconds(), record.latency_deviation_seconds(), record.success(),
           record.updated_unix_ms());
  for (const DataHostRecord& host : record.data_hosts()) {
    UseStats(host.rate_bytes_per_sec(), host.latency_seconds(), host.latency_deviation_seconds(), host.success(),
             host.updated_unix_ms());
  }
  const core::ConnectionLimit limit(64, record.best_connections());
  HOLDS(limit.Get() >= 1 && limit.Get() <= 64);
  const absl::Time wall = absl::FromUnixSeconds(1'700'000'000);
  core::Proof proof;
  proof.Load(core::ProofVerdict::kForwards, record.proof().why(), absl::FromUnixMillis(record.proof().at_unix_ms()),
             record.proof().completed(), wall);
  HOLDS(proof.at() <= wall);
}

// Of pulls that are taken up: their numbers are enums, their texts parts of paths and URLs.
void UsePull(const PullRecord& record) {
  const absl::Status checked = engine::CheckPullRecord(record);
  if (!checked.ok()) return HOLDS(IsOneLine(checked.message()));
  const hub::RepoId repo{static_cast<hub::RepoType>(record.repo_type()), record.repo(), static_cast<hub::Hub>(record.hub())};
  HOLDS(hub::ParseUrl(hub::InfoUrl("https://hub.example", repo, record.revision())).ok());
  HOLDS(!hub::DisplayName(repo).empty() && StaysBelow(repo.name));
  HOLDS(StaysBelow(record.revision()) && record.sequence() + 1 > record.sequence());
  HOLDS(!core::PullStateName(static_cast<core::PullState>(record.state())).empty());
}

template <typename Record>
Record Parsed(absl::string_view bytes) {
  Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Record();
  Record again;
  HOLDS(again.ParseFromString(record.SerializeAsString()));
  return record;
}

}  // namespace

FUZZ(input) {
  if (input.empty()) return;
  const absl::string_view bytes = input.substr(1);
  switch (input[0]) {
    case 't': return UseTransfer(Parsed<TransferRecord>(bytes));
    case 's': return UseSource(Parsed<SourceRecord>(bytes));
    case 'l': Parsed<ProvenanceRecord>(bytes); return;
    case 'p': return UsePull(Parsed<PullRecord>(bytes));
    default: Parsed<SchemaRecord>(bytes);
  }
}

}  // namespace hfget::fuzz
