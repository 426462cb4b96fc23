// Durable state, as the engine sees it: records in, records out. State may lag the data on disk and never leads it.
#ifndef HFGET_DAEMON_STORE_STORE_H_
#define HFGET_DAEMON_STORE_STORE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hfget/v1/records.pb.h"

namespace hfget::store {

// One atomic change: prefixes go first, then keys, then `puts` are written. Values are serialised records; keys are made by
// the functions below only.
struct Batch {
  std::vector<std::pair<std::string, std::string>> puts;
  std::vector<std::string> deletes;
  std::vector<std::string> delete_prefixes;

  bool empty() const { return puts.empty() && deletes.empty() && delete_prefixes.empty(); }
};

// Everything there was at start.
struct Contents {
  std::vector<records::v1::PullRecord> pulls;  // in order of `sequence`
  std::vector<records::v1::SourceRecord> sources;
  std::vector<records::v1::BenchRecord> benches;  // oldest first
  std::vector<std::pair<std::string, records::v1::TransferRecord>> transfers;  // as given to TransferKey; record
};

enum class Durability {
  kProgress,  // survives the death of this process, not of the machine
  kPromise,   // synced before `done`: what a user was told (accepted, done, removed) or a publication relies on
};

// Thread: all calls from the engine; commits run on the store's own thread and `done` is posted to the executor given at
// construction. Commits are applied in the order of the calls.
class StateStore {
 public:
  virtual ~StateStore() = default;

  using Done = absl::AnyInvocable<void(absl::Status)>;

  virtual void Commit(Batch batch, Durability durability, Done done) = 0;

  // Blocking; only while the engine starts, before its loop runs.
  virtual Contents Load() = 0;
  // Asynchronous: large, and seldom needed.
  virtual void ReadProvenance(
      const std::string& transfer_key,
      absl::AnyInvocable<void(absl::StatusOr<std::vector<std::pair<int64_t, records::v1::ProvenanceRecord>>>)> done) = 0;

  // 32 random bytes made with the store: the key of the piece digests.
  virtual const std::string& digest_key() const = 0;
};

// Keys. Ids and names are escaped, so that one cannot reach into another's prefix.
std::string PullKey(const std::string& pull_id);                             // p/<id>
std::string TransferKey(const std::string& transfer_key);                    // t/<key>
std::string ProvenanceKey(const std::string& transfer_key, int64_t piece);   // l/<key>/<piece>
std::string ProvenancePrefix(const std::string& transfer_key);               // l/<key>/
std::string SourceKey(const std::string& source);                            // s/<name>
std::string BenchKey(int64_t at_unix_ms, const std::string& source);         // b/<time>/<name>

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_STORE_H_
