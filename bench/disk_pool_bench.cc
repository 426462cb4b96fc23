// The byte path below the engine: 1 MiB buffers through the real disk pool (two threads, 64 buffers) into a file on disk, with piece
// digest, whole-file SHA-256, a Sync every 64 MiB as checkpoints do, FinishHash, a last Sync, Close. A run is one file of 256 MiB.
//   Write/sync:S/lines:L   S 1: fdatasync, 0: as --no-fsync. L: how many ranges of the file arrive at once, each a quarter of it in order;
//                          1 keeps the hash at the front, 4 makes it read back what landed behind a hole.
// Units: wall time a file, bytes per second (MiB/s = Mi/s), items = buffers per second. CPU is of the whole process, a memcpy to fill
// each buffer included (curl's copy, in the daemon).
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "bench/bench_folder.h"
#include "benchmark/benchmark.h"
#include "daemon/disk/disk_pool.h"
#include "daemon/disk/posix_file_system.h"

namespace hfget::disk {
namespace {

constexpr PieceIndex kPieces = 256;
constexpr PieceIndex kCheckpoint = 64;

// Counts what is under way and keeps the first failure. Thread: any.
class Progress {
 public:
  void Begin() {
    absl::MutexLock lock(&mu_);
    ++under_way_;
  }
  void End(absl::Status status) {
    absl::MutexLock lock(&mu_);
    --under_way_;
    status_.Update(status);
  }
  absl::Status Wait() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(+[](int* n) { return *n == 0; }, &under_way_));
    return status_;
  }

 private:
  absl::Mutex mu_;
  int under_way_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

class Writer {
 public:
  explicit Writer(bool sync)
      : disk_(NewDiskPool({.digest_key = std::string(32, 'k'), .sync = sync}, PosixFiles(), executor_)) {
    disk_->buffers().OnAvailable([this] {
      absl::MutexLock lock(&mu_);
      available_ = true;
    });
  }

  absl::Status WriteFile(const std::string& path, int lines, const std::string& bytes) {
    if (absl::Status opened = Open(path); !opened.ok()) return opened;
    for (PieceIndex i = 0; i < kPieces; ++i) {
      Buffer buffer = TakeBuffer();
      buffer.Append(bytes);
      progress_.Begin();
      disk_->Write(id_, i % lines * (kPieces / lines) + i / lines, std::move(buffer),
                   [this](absl::StatusOr<WriteDone> done) { progress_.End(done.status()); });
      if ((i + 1) % kCheckpoint == 0) Sync();
    }
    progress_.Begin();
    disk_->FinishHash(id_, [this](absl::StatusOr<ContentHash> done) { progress_.End(done.status()); });
    Sync();
    absl::Status status = progress_.Wait();
    progress_.Begin();
    disk_->ClosePartial(id_, /*remove=*/true, [this](absl::Status done) { progress_.End(std::move(done)); });
    status.Update(progress_.Wait());
    return status;
  }

 private:
  absl::Status Open(const std::string& path) {
    OpenPartialOptions options;
    options.path = path;
    options.size = kPieces * kPieceBytes;
    options.hash = ContentHash::FromHex(std::string(64, 'a'));
    progress_.Begin();
    disk_->OpenPartial(std::move(options), [this](absl::StatusOr<Opened> opened) {
      if (opened.ok()) id_ = opened->id;
      progress_.End(opened.status());
    });
    return progress_.Wait();
  }
  void Sync() {
    progress_.Begin();
    disk_->Sync(id_, [this](absl::StatusOr<SyncDone> done) { progress_.End(done.status()); });
  }
  Buffer TakeBuffer() {
    while (true) {
      if (Buffer buffer = disk_->buffers().TryTake()) return buffer;
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(&available_));
      available_ = false;
    }
  }

  DirectExecutor executor_;
  absl::Mutex mu_;
  bool available_ ABSL_GUARDED_BY(mu_) = false;
  Progress progress_;
  PartialId id_ = 0;
  std::unique_ptr<Disk> disk_;  // last: its threads call the others
};

void Write(benchmark::State& state) {
  const BenchFolder folder;
  Writer writer(state.range(0) != 0);
  const std::string bytes(kPieceBytes, 'x');
  for (auto _ : state) {
    const absl::Status status = writer.WriteFile(folder / "model.bin", static_cast<int>(state.range(1)), bytes);
    if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
  }
  state.SetBytesProcessed(state.iterations() * kPieces * kPieceBytes);
  state.SetItemsProcessed(state.iterations() * kPieces);
}
BENCHMARK(Write)->ArgNames({"sync", "lines"})->ArgsProduct({{0, 1}, {1, 4}})->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hfget::disk
