// Durable state in memory, with what each kind of crash leaves of it.
#ifndef HFGET_TESTS_FAKES_FAKE_STORE_H_
#define HFGET_TESTS_FAKES_FAKE_STORE_H_

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "daemon/base/mailbox.h"
#include "daemon/store/keys.h"
#include "daemon/store/store.h"
#include "tests/fakes/fake_clock.h"

namespace hfget::testing {

// What lies on the disk: outlives processes.
class FakeRecords {
 public:
  using Map = std::map<std::string, std::string>;

  void Apply(const store::Batch& batch, store::Durability durability) {
    for (const std::string& prefix : batch.delete_prefixes) {
      for (auto it = records_.lower_bound(prefix); it != records_.end() && absl::StartsWith(it->first, prefix);) {
        it = records_.erase(it);
      }
    }
    for (const std::string& key : batch.deletes) records_.erase(key);
    for (const auto& [key, value] : batch.puts) records_[key] = value;
    // A log that is synced is synced up to there: what came before goes with it.
    if (durability == store::Durability::kPromise) synced_ = records_;
  }
  // The machine dies: what was progress only is gone.
  void LosePower() { records_ = synced_; }

  const Map& all() const { return records_; }
  template <typename Record>
  std::vector<std::pair<std::string, Record>> Below(const std::string& prefix) const {
    std::vector<std::pair<std::string, Record>> found;
    for (auto it = records_.lower_bound(prefix); it != records_.end() && absl::StartsWith(it->first, prefix); ++it) {
      found.emplace_back(it->first.substr(prefix.size()), Record());
      found.back().second.ParseFromString(it->second);
    }
    return found;
  }

 private:
  Map records_;
  Map synced_;
};

// One process's way to it: a commit takes a while; one that has not been applied when the process dies never is.
class FakeStore final : public store::StateStore {
 public:
  FakeStore(FakeClock& clock, Executor& executor, FakeRecords& records)
      : clock_(clock), executor_(executor), records_(records) {}

  absl::Duration delay = absl::Milliseconds(3);
  absl::Status failure;  // what commits answer from now on
  // Called after each commit that was applied.
  std::function<void()> on_commit = [] {};

  void Commit(store::Batch batch, store::Durability durability, Done done) override {
    ++commits;
    const absl::Duration takes = durability == store::Durability::kPromise ? 2 * delay : delay;
    InOrder(takes, [this, batch = std::move(batch), durability, done = std::move(done)]() mutable {
      const absl::Status status = failure;
      if (status.ok()) records_.Apply(batch, durability);
      on_commit();
      executor_.Post([done = std::move(done), status]() mutable { done(status); });
    });
  }

  store::Contents Load() override {
    store::Contents contents;
    for (auto& [id, record] : records_.Below<records::v1::PullRecord>("p/")) contents.pulls.push_back(std::move(record));
    std::sort(contents.pulls.begin(), contents.pulls.end(),
              [](const auto& a, const auto& b) { return a.sequence() < b.sequence(); });
    for (auto& [id, record] : records_.Below<records::v1::SourceRecord>("s/")) contents.sources.push_back(std::move(record));
    for (auto& [key, record] : records_.Below<records::v1::BenchRecord>("b/")) contents.benches.push_back(std::move(record));
    for (auto& [key, record] : records_.Below<records::v1::TransferRecord>("t/")) {
      if (auto id = store::UnescapeKey(key)) contents.transfers.emplace_back(*std::move(id), std::move(record));
    }
    return contents;
  }

  void ReadProvenance(
      const std::string& transfer_key,
      absl::AnyInvocable<void(absl::StatusOr<std::vector<std::pair<int64_t, records::v1::ProvenanceRecord>>>)> done)
      override {
    ++provenance_reads;
    InOrder(delay, [this, prefix = store::ProvenancePrefix(transfer_key), done = std::move(done)]() mutable {
      std::vector<std::pair<int64_t, records::v1::ProvenanceRecord>> found;
      for (auto& [piece, record] : records_.Below<records::v1::ProvenanceRecord>(prefix)) {
        int64_t first = 0;
        if (absl::SimpleAtoi(piece, &first)) found.emplace_back(first, std::move(record));
      }
      executor_.Post([found = std::move(found), done = std::move(done)]() mutable { done(std::move(found)); });
    });
  }

  const std::string& digest_key() const override { return digest_key_; }

  // Counted.
  int commits = 0;
  int provenance_reads = 0;

 private:
  // One after the other, in the order of the calls.
  void InOrder(absl::Duration takes, Task task) {
    last_ = std::max(last_, clock_.Steady() + takes);
    clock_.At(last_, std::move(task));
  }

  FakeClock& clock_;
  Executor& executor_;
  FakeRecords& records_;
  absl::Time last_ = absl::InfinitePast();
  const std::string digest_key_ = std::string(32, 'k');
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_STORE_H_
