#include "daemon/store/rocks_store.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/base/thread.h"
#include "daemon/base/types.h"
#include "daemon/store/database.h"
#include "daemon/store/keys.h"
#include "daemon/store/rocks_status.h"
#include "daemon/store/set_aside.h"

namespace hfget::store {
namespace {

// One write to the log takes at most about so much.
constexpr size_t kGroupBytes = 4 * kMiB;
// Between two openings of a store that could not be written.
constexpr absl::Duration kMendEvery = absl::Seconds(1);

rocksdb::Slice SliceOf(absl::string_view text) { return {text.data(), text.size()}; }

struct CommitOperation {
  Batch batch;
  Durability durability;
  StateStore::Done done;
};
using Operation = std::variant<CommitOperation, Task>;

// Deletions first, so that a batch can replace all that is under a prefix.
rocksdb::Status Append(const Batch& batch, rocksdb::WriteBatch& out) {
  rocksdb::Status status;
  for (const std::string& prefix : batch.delete_prefixes) {
    if (status.ok()) status = out.DeleteRange(prefix, PrefixEnd(prefix));
  }
  for (const std::string& key : batch.deletes) {
    if (status.ok()) status = out.Delete(key);
  }
  for (const auto& [key, value] : batch.puts) {
    if (status.ok()) status = out.Put(key, value);
  }
  return status;
}

const Clock& ClockOf(const RocksStoreOptions& options) {
  return options.clock == nullptr ? RealClock() : *options.clock;
}

class RocksStore final : public StateStore {
 public:
  RocksStore(std::unique_ptr<Database> database, const DatabasePlace& place, const Clock& clock,
             Executor& executor)
      : place_(place),
        clock_(clock),
        digest_key_(database->digest_key()),
        executor_(executor),
        database_(std::move(database)),
        thread_([this] { Run(); }) {}
  ~RocksStore() override;

  void Commit(Batch batch, Durability durability, Done done) override {
    Enqueue(CommitOperation{std::move(batch), durability, std::move(done)});
  }
  Contents Load() override;
  void ReadProvenance(
      const std::string& transfer_key,
      absl::AnyInvocable<
          void(absl::StatusOr<std::vector<std::pair<int64_t, records::v1::ProvenanceRecord>>>)>
          done) override;
  const std::string& digest_key() const override { return digest_key_; }

 private:
  void Enqueue(Operation operation);
  // False: closing, and nothing is left.
  bool TakeOperations(std::vector<Operation>& operations);
  void Run();
  // The commits that begin `operations`, as one. Returns how many.
  size_t CommitGroup(absl::Span<Operation> operations);
  absl::Status Write(rocksdb::WriteBatch& batch, bool sync);
  // After a failed write: opens the store anew, as a start of the daemon does, when it is time to.
  void Mend();

  // Calls `use(key, value)` for every record under `prefix`, in order of keys.
  template <typename Use>
  absl::Status Scan(absl::string_view prefix, Use use);
  // Scan, with values parsed; those that cannot be are left out, counted and logged.
  template <typename Record, typename Use>
  absl::Status ScanRecords(absl::string_view prefix, Use use);

  // Constant after construction.
  const DatabasePlace place_;
  const Clock& clock_;
  const std::string digest_key_;
  Executor& executor_;

  // Store thread only, but in Load.
  std::unique_ptr<Database> database_;  // null: it could not be opened again
  absl::Status broken_;  // since a write failed: nothing is written before the store was opened anew
  absl::Time mend_at_;

  absl::Mutex mu_;
  std::vector<Operation> queue_ ABSL_GUARDED_BY(mu_);
  bool closing_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;  // last: it uses all of the above
};

RocksStore::~RocksStore() {
  {
    absl::MutexLock lock(&mu_);
    closing_ = true;
  }
  thread_.join();
  if (!broken_.ok() && database_ != nullptr) database_->Distrust();
}

void RocksStore::Enqueue(Operation operation) {
  absl::MutexLock lock(&mu_);
  queue_.push_back(std::move(operation));
}

bool RocksStore::TakeOperations(std::vector<Operation>& operations) {
  operations.clear();
  absl::MutexLock lock(&mu_);
  const auto ready = [this]()
                         ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return closing_ || !queue_.empty(); };
  mu_.Await(absl::Condition(&ready));
  operations.swap(queue_);
  return !operations.empty();
}

void RocksStore::Run() {
  NameThread("store");
  std::vector<Operation> operations;
  while (TakeOperations(operations)) {
    absl::Span<Operation> left = absl::MakeSpan(operations);
    while (!left.empty()) {
      if (Task* read = std::get_if<Task>(&left.front())) {
        (*read)();
        left.remove_prefix(1);
      } else {
        left.remove_prefix(CommitGroup(left));
      }
    }
  }
}

size_t RocksStore::CommitGroup(absl::Span<Operation> operations) {
  rocksdb::WriteBatch batch;
  rocksdb::Status built;
  bool sync = false;
  std::vector<Done> dones;
  for (Operation& operation : operations) {
    auto* commit = std::get_if<CommitOperation>(&operation);
    if (commit == nullptr || batch.GetDataSize() > kGroupBytes) break;
    if (built.ok()) built = Append(commit->batch, batch);
    sync |= commit->durability == Durability::kPromise;
    dones.push_back(std::move(commit->done));
  }
  const size_t count = dones.size();
  const absl::Status status = built.ok() ? Write(batch, sync) : FromRocks(built);
  executor_.Post([dones = std::move(dones), status]() mutable {
    for (Done& done : dones) {
      if (done) done(status);
    }
  });
  return count;
}

// After a failed write nobody knows what the log holds: the kernel may have dropped pages that it
// could not write and report the next sync as good. So the first error is the answer to all that
// follows, until the store is opened anew.
absl::Status RocksStore::Write(rocksdb::WriteBatch& batch, bool sync) {
  if (!broken_.ok()) Mend();
  if (!broken_.ok()) return broken_;
  rocksdb::WriteOptions options;
  options.sync = sync;
  broken_ = Annotate(CallRocks([&] { return database_->db().Write(options, &batch); }),
                     "the state store cannot be written");
  if (!broken_.ok()) spdlog::error("{}", broken_.ToString());
  if (!broken_.ok()) mend_at_ = clock_.Steady() + kMendEvery;
  if (broken_.ok() && sync) database_->NotePromise();
  return broken_;
}

void RocksStore::Mend() {
  if (clock_.Steady() < mend_at_) return;
  mend_at_ = clock_.Steady() + kMendEvery;
  if (database_ != nullptr) database_->Distrust();
  database_.reset();
  std::string note;
  absl::StatusOr<std::unique_ptr<Database>> opened =
      OpenOrReplaceDatabase(place_, clock_.Wall(), note);
  if (opened.ok() && (*opened)->digest_key() != digest_key_) {
    // Digests under two keys would convict honest sources.
    opened = absl::DataLossError("its key is lost; restart hfgetd");
  }
  if (!opened.ok()) {
    broken_ = Annotate(opened.status(), "the state store cannot be written");
    return;
  }
  database_ = *std::move(opened);
  broken_ = absl::OkStatus();
  spdlog::info("the state store can be written again");
}

template <typename Use>
absl::Status RocksStore::Scan(absl::string_view prefix, Use use) {
  if (database_ == nullptr) return broken_;
  const std::string end = PrefixEnd(prefix);
  const rocksdb::Slice upper(end);
  return CallRocks([&] {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> i(database_->db().NewIterator(options));
    for (i->Seek(SliceOf(prefix)); i->Valid(); i->Next()) {
      use(absl::string_view(i->key().data(), i->key().size()), i->value());
    }
    return i->status();
  });
}

template <typename Record, typename Use>
absl::Status RocksStore::ScanRecords(absl::string_view prefix, Use use) {
  int damaged = 0;
  const absl::Status status = Scan(prefix, [&](absl::string_view key, const rocksdb::Slice& value) {
    Record record;
    if (record.ParseFromArray(value.data(), static_cast<int>(value.size())) && use(key, record))
      return;
    if (++damaged == 1)
      spdlog::warn("a damaged record in the state store is left out key={}", std::string(key));
  });
  if (damaged > 1)
    spdlog::warn("damaged records left out prefix={} count={}", std::string(prefix), damaged);
  return status;
}

Contents RocksStore::Load() {
  using records::v1::BenchRecord, records::v1::PullRecord, records::v1::SourceRecord, records::v1::TransferRecord;
  Contents contents;
  absl::Status status =
      ScanRecords<PullRecord>(kPullPrefix, [&](absl::string_view, PullRecord& record) {
        contents.pulls.push_back(std::move(record));
        return true;
      });
  status.Update(
      ScanRecords<SourceRecord>(kSourcePrefix, [&](absl::string_view, SourceRecord& record) {
        contents.sources.push_back(std::move(record));
        return true;
      }));
  status.Update(ScanRecords<BenchRecord>(kBenchPrefix, [&](absl::string_view, BenchRecord& record) {
    contents.benches.push_back(std::move(record));
    return true;
  }));
  status.Update(ScanRecords<TransferRecord>(
      kTransferPrefix, [&](absl::string_view key, TransferRecord& record) {
        std::optional<std::string> id = UnescapeKey(key.substr(kTransferPrefix.size()));
        if (!id) return false;
        contents.transfers.emplace_back(*std::move(id), std::move(record));
        return true;
      }));
  if (!status.ok()) spdlog::error("the state store was read in part only: {}", status.ToString());
  std::stable_sort(contents.pulls.begin(), contents.pulls.end(),
                   [](const auto& a, const auto& b) { return a.sequence() < b.sequence(); });
  return contents;
}

void RocksStore::ReadProvenance(
    const std::string& transfer_key,
    absl::AnyInvocable<
        void(absl::StatusOr<std::vector<std::pair<int64_t, records::v1::ProvenanceRecord>>>)>
        done) {
  using records::v1::ProvenanceRecord;
  Enqueue([this, prefix = ProvenancePrefix(transfer_key), done = std::move(done)]() mutable {
    absl::StatusOr<std::vector<std::pair<int64_t, ProvenanceRecord>>> runs{
        std::vector<std::pair<int64_t, ProvenanceRecord>>()};
    const absl::Status status =
        ScanRecords<ProvenanceRecord>(prefix, [&](absl::string_view key, ProvenanceRecord& run) {
          const std::optional<int64_t> piece = NumberOf(key);
          if (piece) runs->emplace_back(*piece, std::move(run));
          return piece.has_value();
        });
    if (!status.ok()) runs = status;
    executor_.Post(
        [done = std::move(done), runs = std::move(runs)]() mutable { done(std::move(runs)); });
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateStore>> OpenRocksStore(const std::string& path,
                                                           Executor& executor,
                                                           RocksStoreOptions options) {
  const DatabasePlace place = PlaceOf(options, path);
  HFGET_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, OpenDatabase(place));
  return std::make_unique<RocksStore>(std::move(database), place, ClockOf(options), executor);
}

absl::StatusOr<OpenedStore> OpenOrSetAside(const std::string& path, Executor& executor,
                                           RocksStoreOptions options) {
  const DatabasePlace place = PlaceOf(options, path);
  const Clock& clock = ClockOf(options);
  OpenedStore opened;
  HFGET_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         OpenOrReplaceDatabase(place, clock.Wall(), opened.note));
  opened.store = std::make_unique<RocksStore>(std::move(database), place, clock, executor);
  return opened;
}

}  // namespace hfget::store
