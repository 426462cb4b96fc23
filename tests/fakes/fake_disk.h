// The disk pool of a simulation: the real partial files over a file system in memory, each operation an event of the
// timeline.
#ifndef HFGET_TESTS_FAKES_FAKE_DISK_H_
#define HFGET_TESTS_FAKES_FAKE_DISK_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/mailbox.h"
#include "daemon/disk/disk.h"
#include "daemon/disk/partial_file.h"
#include "tests/fakes/fake_clock.h"

namespace hfget::testing {

// How long things take; each time differs by up to half of it, so that completions overtake one another.
struct FakeDiskPace {
  absl::Duration write = absl::Milliseconds(4);  // of one piece
  absl::Duration sync = absl::Milliseconds(20);
  absl::Duration other = absl::Milliseconds(1);
};

// Keeps the order that disk.h promises: a sync and the whole hash after the writes before them, the end after all.
// Thread: one.
class FakeDisk final : public disk::Disk {
 public:
  FakeDisk(FakeClock& clock, FileSystem& files, Executor& executor, const std::string& digest_key, int buffers,
           FakeDiskPace pace, uint64_t seed)
      : clock_(clock), files_(files), executor_(executor), digester_(digest_key), pace_(pace), rng_(seed), buffers_(buffers) {}

  // Called after each operation that was performed.
  std::function<void()> on_operation = [] {};

  void OpenPartial(disk::OpenPartialOptions options, Done<disk::Opened> done) override {
    ++opens;
    At(clock_.Steady() + Some(pace_.other), [this, options = std::move(options), done = std::move(done)]() mutable {
      Answer(std::move(done), Open(options));
    });
  }

  void Write(disk::PartialId id, PieceIndex piece, disk::Buffer buffer, Done<disk::WriteDone> done) override {
    ++writes;
    const auto open = Find(id);
    if (open == nullptr) return Answer(std::move(done), absl::StatusOr<disk::WriteDone>(NotOpen(id)));
    const absl::Time when = clock_.Steady() + Some(pace_.write);
    open->writes_end = std::max(open->writes_end, when);
    open->all_end = std::max(open->all_end, when);
    At(when, [this, open, piece, buffer = std::move(buffer), done = std::move(done)]() mutable {
      auto result = open->file->Write(piece, std::move(buffer));
      Hash(*open);
      Answer(std::move(done), std::move(result));
    });
  }

  void Read(disk::PartialId id, PieceIndex piece, disk::Buffer into, Done<disk::Buffer> done) override {
    const auto open = Find(id);
    if (open == nullptr) return Answer(std::move(done), absl::StatusOr<disk::Buffer>(NotOpen(id)));
    AfterWrites(*open, pace_.other, [this, open, piece, into = std::move(into), done = std::move(done)]() mutable {
      Answer(std::move(done), open->file->Read(piece, std::move(into)));
    });
  }

  void FindDamage(disk::PartialId id, std::vector<disk::ExpectedPiece> pieces,
                  Done<std::vector<PieceIndex>> done) override {
    const auto open = Find(id);
    if (open == nullptr) return Answer(std::move(done), absl::StatusOr<std::vector<PieceIndex>>(NotOpen(id)));
    AfterWrites(*open, pace_.other, [this, open, pieces = std::move(pieces), done = std::move(done)]() mutable {
      std::vector<PieceIndex> damaged;
      std::string scratch(static_cast<size_t>(kPieceBytes), 0);
      for (const disk::ExpectedPiece& piece : pieces) {
        if (!open->file->IsIntact(piece, absl::MakeSpan(scratch))) damaged.push_back(piece.piece);
      }
      Answer(std::move(done), absl::StatusOr<std::vector<PieceIndex>>(std::move(damaged)));
    });
  }

  void Sync(disk::PartialId id, Done<disk::SyncDone> done) override {
    ++syncs;
    const auto open = Find(id);
    if (open == nullptr) return Answer(std::move(done), absl::StatusOr<disk::SyncDone>(NotOpen(id)));
    AfterWrites(*open, pace_.sync,
                [this, open, done = std::move(done)]() mutable { Answer(std::move(done), open->file->Sync()); });
  }

  void FinishHash(disk::PartialId id, Done<ContentHash> done) override {
    const auto open = Find(id);
    if (open == nullptr) return Answer(std::move(done), absl::StatusOr<ContentHash>(NotOpen(id)));
    AfterWrites(*open, pace_.other, [this, open, done = std::move(done)]() mutable {
      open->file->hash().Finish();
      Hash(*open);
      absl::StatusOr<ContentHash> result = *open->file->hash().TakeResult();
      if (absl::Status health = open->file->health(); !health.ok()) result = health;
      Answer(std::move(done), std::move(result));
    });
  }

  void ResetHash(disk::PartialId id) override {
    if (const auto open = Find(id)) open->file->hash().Restart();
  }

  void ClosePartial(disk::PartialId id, bool remove, DoneStatus done) override {
    const auto it = open_.find(id);
    if (it == open_.end()) return Answer(std::move(done), NotOpen(id));
    std::shared_ptr<OpenFile> open = it->second;
    open_.erase(it);
    open->file->hash().Stop();
    At(std::max(open->all_end, clock_.Steady()) + Some(pace_.other),
       [this, open, remove, done = std::move(done)]() mutable {
         const absl::Status status = open->file->Close(remove);
         open.reset();
         Answer(std::move(done), status);
       });
  }

  void Run(absl::AnyInvocable<absl::Status(FileSystem&)> work, DoneStatus done) override {
    At(clock_.Steady() + Some(pace_.other), [this, work = std::move(work), done = std::move(done)]() mutable {
      Answer(std::move(done), work(files_));
    });
  }

  disk::BufferPool& buffers() override { return buffers_; }
  size_t open_files() const { return open_.size(); }
  FakeDiskPace& pace() { return pace_; }

  // Counted.
  int opens = 0;
  int writes = 0;
  int syncs = 0;

 private:
  struct OpenFile {
    std::unique_ptr<disk::PartialFile> file;
    absl::Time writes_end = absl::InfinitePast();  // of the writes asked for
    absl::Time all_end = absl::InfinitePast();     // of everything asked for
  };

  static absl::Status NotOpen(disk::PartialId id) {
    return absl::FailedPreconditionError(absl::StrCat("partial file ", id, " is not open"));
  }

  absl::Duration Some(absl::Duration d) { return d * std::uniform_real_distribution(0.5, 1.5)(rng_); }

  template <typename Done, typename Result>
  void Answer(Done done, Result result) {
    executor_.Post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  void At(absl::Time when, Task task) {
    clock_.At(when, [this, task = std::move(task)]() mutable {
      task();
      task = nullptr;  // what it holds goes before anybody looks
      on_operation();
    });
  }

  void AfterWrites(OpenFile& open, absl::Duration length, Task task) {
    const absl::Time when = std::max(open.writes_end, clock_.Steady()) + Some(length);
    open.all_end = std::max(open.all_end, when);
    At(when, std::move(task));
  }

  std::shared_ptr<OpenFile> Find(disk::PartialId id) const {
    const auto it = open_.find(id);
    return it == open_.end() ? nullptr : it->second;
  }

  absl::StatusOr<disk::Opened> Open(const disk::OpenPartialOptions& options) {
    auto file = disk::PartialFile::Open(files_, options, digester_, /*sync=*/true);
    if (!file.ok()) return file.status();
    auto open = std::make_shared<OpenFile>();
    open->file = *std::move(file);
    const disk::Opened opened{++last_id_, open->file->resumed(), open->file->identity()};
    open_[opened.id] = open;
    Hash(*open);
    return opened;
  }

  void Hash(OpenFile& open) {
    if (!open.file->hash().TryTakeTurn()) return;
    while (open.file->HashSome(8)) {
    }
  }

  FakeClock& clock_;
  FileSystem& files_;
  Executor& executor_;
  const disk::PieceDigester digester_;
  FakeDiskPace pace_;
  std::mt19937_64 rng_;
  disk::BufferPool buffers_;  // outlives the files, whose hashes may hold buffers
  std::map<disk::PartialId, std::shared_ptr<OpenFile>> open_;
  disk::PartialId last_id_ = 0;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_DISK_H_
