// The store: RocksDB as the daemon opens it, in a folder on disk. Units: wall time a commit or an opening, items = records per second.
//   Commit/promise:P/records:N   one batch of N records of a pull (200 bytes each), waited for. P 1: synced, 0: progress.
//   Checkpoint/promise:P         what a file of 1 GiB records every 64 MiB: its transfer, and who sent its 1,024 pieces (19 KiB)
//   Piled/promise:P              64 commits of one record handed over before the first is done: merged into one write and one sync
//   OpenAndLoad/records:N        a restart: open a store of N pulls and N transfers, read all of it, close
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "bench/bench_folder.h"
#include "benchmark/benchmark.h"
#include "daemon/base/types.h"
#include "daemon/store/rocks_store.h"

namespace hfget::store {
namespace {

constexpr int kPiled = 64;

class OpenedStore {
 public:
  OpenedStore() { Reopen(); }

  void Reopen() {
    store_.reset();
    auto opened = OpenRocksStore(folder_ / "store", executor_);
    if (!opened.ok()) std::abort();
    store_ = *std::move(opened);
  }
  StateStore& operator*() { return *store_; }
  // Hands over the batches, one commit each, and waits for all.
  void Commit(std::vector<Batch> batches, Durability durability) {
    absl::BlockingCounter left(static_cast<int>(batches.size()));
    for (Batch& batch : batches) {
      store_->Commit(std::move(batch), durability, [&left](absl::Status status) {
        if (!status.ok()) std::abort();
        left.DecrementCount();
      });
    }
    left.Wait();
  }

 private:
  BenchFolder folder_;
  DirectExecutor executor_;
  std::unique_ptr<StateStore> store_;
};

Durability DurabilityOf(const benchmark::State& state) {
  return state.range(0) != 0 ? Durability::kPromise : Durability::kProgress;
}

void AddPull(int64_t number, Batch& batch) {
  records::v1::PullRecord record;
  record.set_id(absl::StrCat("pull-", number));
  record.set_repo("organisation/some-model-with-a-name");
  record.set_revision("main");
  record.set_commit(std::string(40, 'c'));
  record.set_path(std::string(60, 'p'));
  record.set_sequence(number);
  batch.puts.emplace_back(PullKey(record.id()), record.SerializeAsString());
}

void AddTransfer(int64_t number, Batch& batch) {
  records::v1::TransferRecord record;
  record.set_partial_path(absl::StrCat("/var/cache/hub/models--org--name/.hfget/", number, ".partial"));
  record.set_size_bytes(kGiB);
  record.set_digest(std::string(64, 'd'));
  record.set_durable_pieces(std::string(128, '\x55'));
  record.set_hash_state(std::string(100, 's'));
  record.set_partial_identity(std::string(16, 'i'));
  batch.puts.emplace_back(TransferKey(record.partial_path()), record.SerializeAsString());
}

void Commit(benchmark::State& state) {
  OpenedStore store;
  int64_t number = 0;
  for (auto _ : state) {
    std::vector<Batch> batch(1);
    for (int64_t i = 0; i < state.range(1); ++i) AddPull(number++ % 1000, batch[0]);
    store.Commit(std::move(batch), DurabilityOf(state));
  }
  state.SetItemsProcessed(number);
}
BENCHMARK(Commit)->ArgNames({"promise", "records"})->ArgsProduct({{0, 1}, {1, 16, 256}})->UseRealTime()->Unit(benchmark::kMicrosecond);

void Checkpoint(benchmark::State& state) {
  OpenedStore store;
  records::v1::ProvenanceRecord provenance;
  provenance.add_sources("official");
  provenance.set_source_index(std::string(1024, '\0'));
  provenance.set_digests(std::string(16 * 1024, 'x'));
  for (auto _ : state) {
    std::vector<Batch> batch(1);
    AddTransfer(1, batch[0]);
    batch[0].puts.emplace_back(ProvenanceKey("1", 0), provenance.SerializeAsString());
    store.Commit(std::move(batch), DurabilityOf(state));
  }
}
BENCHMARK(Checkpoint)->ArgNames({"promise"})->Arg(0)->Arg(1)->UseRealTime()->Unit(benchmark::kMicrosecond);

void Piled(benchmark::State& state) {
  OpenedStore store;
  int64_t number = 0;
  for (auto _ : state) {
    std::vector<Batch> batches(kPiled);
    for (Batch& batch : batches) AddPull(number++ % 1000, batch);
    store.Commit(std::move(batches), DurabilityOf(state));
  }
  state.SetItemsProcessed(number);
}
BENCHMARK(Piled)->ArgNames({"promise"})->Arg(0)->Arg(1)->UseRealTime()->Unit(benchmark::kMicrosecond);

void OpenAndLoad(benchmark::State& state) {
  OpenedStore store;
  std::vector<Batch> batch(1);
  for (int64_t i = 0; i < state.range(0); ++i) {
    AddPull(i, batch[0]);
    AddTransfer(i, batch[0]);
  }
  store.Commit(std::move(batch), Durability::kPromise);
  for (auto _ : state) {
    store.Reopen();
    if ((*store).Load().transfers.size() != static_cast<size_t>(state.range(0))) return state.SkipWithError("records are missing");
  }
}
BENCHMARK(OpenAndLoad)->ArgNames({"records"})->Arg(10)->Arg(10'000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hfget::store
