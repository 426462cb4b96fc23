#include "daemon/disk/disk_pool.h"

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "daemon/disk/digest.h"
#include "daemon/disk/operation_order.h"
#include "daemon/disk/partial_file.h"
#include "daemon/disk/thread_pool.h"

namespace hfget::disk {
namespace {

using Kind = OperationOrder::Kind;
using Ticket = OperationOrder::Ticket;

// Long enough to be worth a turn, short enough (4-8 ms) that writes behind it in the queue do not
// wait for long.
constexpr int kPiecesPerTurn = 8;
// Reading and digesting is faster.
constexpr size_t kPiecesLookedAt = 32;

// REQUIRES: every operation on it holds a ticket, from the call to the answer; the last is the one
// that closes it.
struct OpenFile {
  std::unique_ptr<PartialFile> file;
  OperationOrder order;
  std::atomic<bool> closing{false};
  absl::Mutex mu;
  std::vector<std::pair<Ticket, Disk::Done<ContentHash>>> finishing ABSL_GUARDED_BY(mu);
  // One write at a time: the kernel lets only one into a file, and a second thread would spin until
  // it is its turn, when it could hash.
  bool writing ABSL_GUARDED_BY(mu) = false;
  std::deque<Task> to_write ABSL_GUARDED_BY(mu);
};

// A look for damage.
struct Search {
  std::vector<ExpectedPiece> expected;
  size_t next = 0;
  std::vector<PieceIndex> damaged;
  Disk::Done<std::vector<PieceIndex>> done;
};

class DiskPool final : public Disk {
 public:
  DiskPool(DiskPoolOptions options, FileSystem& fs, Executor& executor)
      : fs_(fs),
        executor_(executor),
        sync_(options.sync),
        digester_(options.digest_key),
        buffers_(options.buffers),
        threads_(options.threads) {}

  ~DiskPool() override {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    for (auto& [id, open] : open_) open->file->hash().Stop();
  }

  void OpenPartial(OpenPartialOptions options, Done<Opened> done) override;
  void Write(PartialId id, PieceIndex piece, Buffer buffer, Done<WriteDone> done) override;
  void Read(PartialId id, PieceIndex piece, Buffer into, Done<Buffer> done) override;
  void FindDamage(PartialId id, std::vector<ExpectedPiece> pieces,
                  Done<std::vector<PieceIndex>> done) override;
  void Sync(PartialId id, Done<SyncDone> done) override;
  void FinishHash(PartialId id, Done<ContentHash> done) override;
  void ResetHash(PartialId id) override;
  void ClosePartial(PartialId id, bool remove, DoneStatus done) override;
  void Run(absl::AnyInvocable<absl::Status(FileSystem&)> work, DoneStatus done) override;
  BufferPool& buffers() override { return buffers_; }

 private:
  template <typename Done, typename Result>
  void Answer(Done done, Result result) {
    executor_.Post([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }
  absl::Status NotOpen(PartialId id) const {
    return absl::FailedPreconditionError(absl::StrCat("partial file ", id, " is not open"));
  }
  void Queue(std::vector<Task> tasks) {
    for (Task& task : tasks) threads_.Post(std::move(task));
  }
  void End(OpenFile* open, Ticket ticket) { Queue(open->order.End(ticket)); }

  OpenFile* Find(PartialId id) ABSL_LOCKS_EXCLUDED(mu_);
  void QueueWrite(OpenFile* open, Task task);
  void EndWrite(OpenFile* open);
  absl::StatusOr<Opened> RunOpen(const OpenPartialOptions& options);
  void RunHash(OpenFile* open, Ticket ticket);
  void RunSearch(OpenFile* open, Ticket ticket, std::shared_ptr<Search> search);
  void HashIfDue(OpenFile* open);
  void AnswerFinished(OpenFile* open);

  FileSystem& fs_;
  Executor& executor_;
  const bool sync_;
  const PieceDigester digester_;
  BufferPool buffers_;

  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  PartialId last_id_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<PartialId, std::unique_ptr<OpenFile>> open_ ABSL_GUARDED_BY(mu_);

  ThreadPool threads_;  // last: joined before anything that its tasks use is gone
};

OpenFile* DiskPool::Find(PartialId id) {
  absl::MutexLock lock(&mu_);
  const auto found = open_.find(id);
  return found == open_.end() ? nullptr : found->second.get();
}

void DiskPool::OpenPartial(OpenPartialOptions options, Done<Opened> done) {
  threads_.Post([this, options = std::move(options), done = std::move(done)]() mutable {
    Answer(std::move(done), RunOpen(options));
  });
}

absl::StatusOr<Opened> DiskPool::RunOpen(const OpenPartialOptions& options) {
  absl::StatusOr<std::unique_ptr<PartialFile>> file =
      PartialFile::Open(fs_, options, digester_, sync_);
  if (!file.ok()) return file.status();
  auto open = std::make_unique<OpenFile>();
  open->file = *std::move(file);
  OpenFile* const borrowed = open.get();
  Opened opened{0, open->file->resumed(), open->file->identity()};
  {
    absl::MutexLock lock(&mu_);
    if (stopping_) return absl::CancelledError("the daemon is stopping");
    opened.id = ++last_id_;
    open_[opened.id] = std::move(open);
  }
  HashIfDue(borrowed);  // nobody can close it yet: the id has not been told
  return opened;
}

void DiskPool::Write(PartialId id, PieceIndex piece, Buffer buffer, Done<WriteDone> done) {
  OpenFile* open = Find(id);
  if (open == nullptr) return Answer(std::move(done), absl::StatusOr<WriteDone>(NotOpen(id)));
  const Ticket ticket = open->order.Begin(Kind::kWrite);
  QueueWrite(open, [this, open, ticket, piece, buffer = std::move(buffer),
                    done = std::move(done)]() mutable {
    Answer(std::move(done), open->file->Write(piece, std::move(buffer)));
    EndWrite(open);
    HashIfDue(open);
    End(open, ticket);
  });
}

void DiskPool::QueueWrite(OpenFile* open, Task task) {
  {
    absl::MutexLock lock(&open->mu);
    if (open->writing) return open->to_write.push_back(std::move(task));
    open->writing = true;
  }
  threads_.Post(std::move(task));
}

// REQUIRES: the caller holds a ticket.
void DiskPool::EndWrite(OpenFile* open) {
  Task next;
  {
    absl::MutexLock lock(&open->mu);
    open->writing = !open->to_write.empty();
    if (!open->writing) return;
    next = std::move(open->to_write.front());
    open->to_write.pop_front();
  }
  threads_.Post(std::move(next));
}

// REQUIRES: the caller holds a ticket, so that the file cannot be closed meanwhile.
void DiskPool::HashIfDue(OpenFile* open) {
  if (open->file->hash().TryTakeTurn()) RunHash(open, open->order.Begin(Kind::kOther));
}

// REQUIRES: this is the file's turn to be hashed; `ticket` is the turn's own.
void DiskPool::RunHash(OpenFile* open, Ticket ticket) {
  if (open->file->HashSome(kPiecesPerTurn)) {
    threads_.Post([this, open, ticket] { RunHash(open, ticket); });
    return;
  }
  AnswerFinished(open);
  End(open, ticket);
}

void DiskPool::FinishHash(PartialId id, Done<ContentHash> done) {
  OpenFile* open = Find(id);
  if (open == nullptr) return Answer(std::move(done), absl::StatusOr<ContentHash>(NotOpen(id)));
  const Ticket start = open->order.Begin(Kind::kOther);
  {
    absl::MutexLock lock(&open->mu);
    open->finishing.emplace_back(open->order.Begin(Kind::kOther), std::move(done));
  }
  Queue(open->order.AfterWrites([this, open, start] {
    open->file->hash().Finish();
    HashIfDue(open);
    AnswerFinished(open);
    End(open, start);
  }));
}

// REQUIRES: the caller holds a ticket of its own.
void DiskPool::AnswerFinished(OpenFile* open) {
  std::optional<absl::StatusOr<ContentHash>> result = open->file->hash().TakeResult();
  if (!result.has_value()) return;
  // The page cache may hold what the disk lost: such a hash must not lead to publication.
  const absl::Status health = open->file->health();
  if (!health.ok()) *result = health;
  std::vector<std::pair<Ticket, Done<ContentHash>>> finishing;
  {
    absl::MutexLock lock(&open->mu);
    finishing.swap(open->finishing);
  }
  for (auto& [ticket, done] : finishing) Answer(std::move(done), *result);
  for (auto& [ticket, done] : finishing) End(open, ticket);
}

void DiskPool::ResetHash(PartialId id) {
  if (OpenFile* open = Find(id)) open->file->hash().Restart();
}

void DiskPool::Read(PartialId id, PieceIndex piece, Buffer into, Done<Buffer> done) {
  OpenFile* open = Find(id);
  if (open == nullptr) return Answer(std::move(done), absl::StatusOr<Buffer>(NotOpen(id)));
  const Ticket ticket = open->order.Begin(Kind::kOther);
  threads_.Post(
      [this, open, ticket, piece, into = std::move(into), done = std::move(done)]() mutable {
        Answer(std::move(done), open->file->Read(piece, std::move(into)));
        End(open, ticket);
      });
}

void DiskPool::FindDamage(PartialId id, std::vector<ExpectedPiece> pieces,
                          Done<std::vector<PieceIndex>> done) {
  OpenFile* open = Find(id);
  if (open == nullptr) {
    return Answer(std::move(done), absl::StatusOr<std::vector<PieceIndex>>(NotOpen(id)));
  }
  auto search = std::make_shared<Search>();
  search->expected = std::move(pieces);
  search->done = std::move(done);
  const Ticket ticket = open->order.Begin(Kind::kOther);
  Queue(open->order.AfterWrites([this, open, ticket, search] { RunSearch(open, ticket, search); }));
}

void DiskPool::RunSearch(OpenFile* open, Ticket ticket, std::shared_ptr<Search> search) {
  const std::unique_ptr<char[]> scratch(new char[kPieceBytes]);
  for (size_t i = 0; i < kPiecesLookedAt && search->next < search->expected.size(); ++i) {
    const ExpectedPiece& expected = search->expected[search->next++];
    const bool intact = open->file->IsIntact(expected, {scratch.get(), kPieceBytes});
    if (!intact) search->damaged.push_back(expected.piece);
  }
  const bool closing = open->closing;
  if (!closing && search->next < search->expected.size()) {
    return threads_.Post([this, open, ticket, search] { RunSearch(open, ticket, search); });
  }
  absl::StatusOr<std::vector<PieceIndex>> found = std::move(search->damaged);
  if (closing) found = absl::CancelledError("the file was closed");
  Answer(std::move(search->done), std::move(found));
  End(open, ticket);
}

void DiskPool::Sync(PartialId id, Done<SyncDone> done) {
  OpenFile* open = Find(id);
  if (open == nullptr) return Answer(std::move(done), absl::StatusOr<SyncDone>(NotOpen(id)));
  const Ticket ticket = open->order.Begin(Kind::kOther);
  Queue(open->order.AfterWrites([this, open, ticket, done = std::move(done)]() mutable {
    Answer(std::move(done), open->file->Sync());
    End(open, ticket);
  }));
}

void DiskPool::ClosePartial(PartialId id, bool remove, DoneStatus done) {
  std::unique_ptr<OpenFile> owned;
  {
    absl::MutexLock lock(&mu_);
    const auto found = open_.find(id);
    if (found != open_.end()) {
      owned = std::move(found->second);
      open_.erase(found);
    }
  }
  if (owned == nullptr) return Answer(std::move(done), NotOpen(id));
  OpenFile* open = owned.get();
  open->closing = true;
  open->file->hash().Stop();
  Queue(open->order.AfterAll(
      [this, remove, owned = std::move(owned), done = std::move(done)]() mutable {
        const absl::Status status = owned->file->Close(remove);
        owned.reset();
        Answer(std::move(done), status);
      }));
}

void DiskPool::Run(absl::AnyInvocable<absl::Status(FileSystem&)> work, DoneStatus done) {
  threads_.Post([this, work = std::move(work), done = std::move(done)]() mutable {
    Answer(std::move(done), work(fs_));
  });
}

}  // namespace

std::unique_ptr<Disk> NewDiskPool(DiskPoolOptions options, FileSystem& fs, Executor& executor) {
  return std::make_unique<DiskPool>(std::move(options), fs, executor);
}

}  // namespace hfget::disk
