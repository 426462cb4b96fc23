// A disk that keeps nothing and hashes nothing: for simulations of the net, whose time is the net's. It believes the listed
// hash of a file when every piece of it has come.
#ifndef HFGET_TESTS_FAKES_WEIGHTLESS_DISK_H_
#define HFGET_TESTS_FAKES_WEIGHTLESS_DISK_H_

#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/mailbox.h"
#include "daemon/disk/disk.h"
#include "tests/fakes/fake_clock.h"

namespace hfget::testing {

// Thread: one.
class WeightlessDisk final : public disk::Disk {
 public:
  WeightlessDisk(FakeClock& clock, FileSystem& files, Executor& executor, int buffers)
      : clock_(clock), files_(files), executor_(executor), buffers_(buffers) {}

  void OpenPartial(disk::OpenPartialOptions options, Done<disk::Opened> done) override {
    // There must be something to publish.
    absl::Status status = files_.MakeDirectories(ParentPath(options.path));
    absl::StatusOr<std::unique_ptr<File>> file = files_.OpenForWrite(options.path);
    if (status.ok()) status = file.status();
    if (status.ok()) status = (*file)->Allocate(options.size);
    if (!status.ok()) return Later<absl::StatusOr<disk::Opened>>(std::move(done), status);
    open_[++last_id_].options = std::move(options);
    Later<absl::StatusOr<disk::Opened>>(std::move(done), disk::Opened{last_id_, false, absl::StrCat(last_id_)});
  }
  void Write(disk::PartialId id, PieceIndex piece, disk::Buffer buffer, Done<disk::WriteDone> done) override {
    open_[id].written.insert(piece);
    // The buffer is held for as long as a write takes.
    clock_.After(kWrite, [this, piece, buffer = std::move(buffer), done = std::move(done)]() mutable {
      buffer.Release();
      Post<absl::StatusOr<disk::WriteDone>>(std::move(done), disk::WriteDone{{static_cast<uint64_t>(piece), 1}});
    });
  }
  void Read(disk::PartialId, PieceIndex, disk::Buffer, Done<disk::Buffer> done) override {
    Later<absl::StatusOr<disk::Buffer>>(std::move(done), absl::UnimplementedError("nothing is kept"));
  }
  void FindDamage(disk::PartialId, std::vector<disk::ExpectedPiece>, Done<std::vector<PieceIndex>> done) override {
    Later<absl::StatusOr<std::vector<PieceIndex>>>(std::move(done), std::vector<PieceIndex>());
  }
  void Sync(disk::PartialId, Done<disk::SyncDone> done) override {
    Later<absl::StatusOr<disk::SyncDone>>(std::move(done), disk::SyncDone{});
  }
  void FinishHash(disk::PartialId id, Done<ContentHash> done) override {
    const Open& open = open_[id];
    const bool whole = static_cast<PieceIndex>(open.written.size()) == PieceCount(open.options.size);
    Later<absl::StatusOr<ContentHash>>(std::move(done), whole ? open.options.hash : ContentHash());
  }
  void ResetHash(disk::PartialId) override {}
  void ClosePartial(disk::PartialId id, bool remove, DoneStatus done) override {
    const auto it = open_.find(id);
    if (it == open_.end()) return Later<absl::Status>(std::move(done), absl::FailedPreconditionError("not open"));
    const absl::Status status = remove ? files_.Remove(it->second.options.path) : absl::OkStatus();
    open_.erase(it);
    Later<absl::Status>(std::move(done), status);
  }
  void Run(absl::AnyInvocable<absl::Status(FileSystem&)> work, DoneStatus done) override {
    Later<absl::Status>(std::move(done), work(files_));
  }
  disk::BufferPool& buffers() override { return buffers_; }

 private:
  static constexpr absl::Duration kWrite = absl::Milliseconds(1);

  struct Open {
    disk::OpenPartialOptions options;
    std::set<PieceIndex> written;
  };

  template <typename Result, typename Done>
  void Post(Done done, Result result) {
    executor_.Post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }
  template <typename Result, typename Done>
  void Later(Done done, Result result) {
    clock_.After(kWrite, [this, done = std::move(done), result = std::move(result)]() mutable {
      Post<Result>(std::move(done), std::move(result));
    });
  }

  FakeClock& clock_;
  FileSystem& files_;
  Executor& executor_;
  disk::BufferPool buffers_;
  std::map<disk::PartialId, Open> open_;
  disk::PartialId last_id_ = 0;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_WEIGHTLESS_DISK_H_
