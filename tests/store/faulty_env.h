// The machine's files, with a write-ahead log that can fail, hold on, and be counted.
#ifndef HFGET_TESTS_STORE_FAULTY_ENV_H_
#define HFGET_TESTS_STORE_FAULTY_ENV_H_

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"

namespace hfget::store {

// Thread: any.
class LogFaults {
 public:
  // What a sync of the log answers; waits while held.
  rocksdb::IOStatus OnSync() {
    ++syncs;
    absl::MutexLock lock(&mu_);
    ++waiting_;
    const auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !held_; };
    mu_.Await(absl::Condition(&free));
    --waiting_;
    return fail_sync ? rocksdb::IOStatus::IOError("injected sync failure")
                     : rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus OnAppend() {
    return fail_append ? rocksdb::IOStatus::NoSpace("injected full disk") : rocksdb::IOStatus::OK();
  }

  void Hold() {
    absl::MutexLock lock(&mu_);
    held_ = true;
  }
  void Release() {
    absl::MutexLock lock(&mu_);
    held_ = false;
  }
  void WaitForSync() {
    absl::MutexLock lock(&mu_);
    const auto there = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return waiting_ > 0; };
    mu_.Await(absl::Condition(&there));
  }

  std::atomic<int> syncs = 0;
  std::atomic<bool> fail_sync = false;
  std::atomic<bool> fail_append = false;

 private:
  absl::Mutex mu_;
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  int waiting_ ABSL_GUARDED_BY(mu_) = 0;
};

class FaultyLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyLog(std::unique_ptr<rocksdb::FSWritableFile> file, LogFaults& faults)
      : FSWritableFileOwnerWrapper(std::move(file)), faults_(faults) {}

  using FSWritableFileOwnerWrapper::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus fault = faults_.OnAppend();
    return fault.ok() ? FSWritableFileOwnerWrapper::Append(data, options, debug) : fault;
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus fault = faults_.OnSync();
    return fault.ok() ? FSWritableFileOwnerWrapper::Sync(options, debug) : fault;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return Sync(options, debug);
  }

 private:
  LogFaults& faults_;
};

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFileSystem(LogFaults& faults)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(faults) {}

  const char* Name() const override { return "FaultyFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus status =
        FileSystemWrapper::NewWritableFile(name, options, result, debug);
    if (status.ok() && absl::EndsWith(name, ".log")) {
      *result = std::make_unique<FaultyLog>(std::move(*result), faults_);
    }
    return status;
  }

 private:
  LogFaults& faults_;
};

struct FaultyEnv {
  LogFaults faults;
  std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<FaultyFileSystem>(faults));
};

// The machine's files; a new table waits while the gate is closed, or fails. Thread: any.
class TableGate {
 public:
  void Close() { SetOpen(false); }
  void Open() { SetOpen(true); }
  int waiting() {
    absl::MutexLock lock(&mu_);
    return waiting_;
  }
  void Pass() {
    absl::MutexLock lock(&mu_);
    ++waiting_;
    const auto open = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return open_; };
    mu_.Await(absl::Condition(&open));
    --waiting_;
  }

 private:
  class Gated final : public rocksdb::FileSystemWrapper {
   public:
    explicit Gated(TableGate& gate)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), gate_(gate) {}
    const char* Name() const override { return "Gated"; }
    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result,
                                      rocksdb::IODebugContext* debug) override {
      if (absl::EndsWith(name, ".sst")) {
        gate_.Pass();
        if (gate_.fail_tables) return rocksdb::IOStatus::IOError("injected bad disk");
      }
      if (gate_.full) return rocksdb::IOStatus::NoSpace("injected full disk");
      return FileSystemWrapper::NewWritableFile(name, options, result, debug);
    }

   private:
    TableGate& gate_;
  };

  void SetOpen(bool open) {
    absl::MutexLock lock(&mu_);
    open_ = open;
  }

  absl::Mutex mu_;
  bool open_ ABSL_GUARDED_BY(mu_) = true;
  int waiting_ ABSL_GUARDED_BY(mu_) = 0;

 public:
  std::atomic<bool> fail_tables = false;
  std::atomic<bool> full = false;  // for every new file
  const std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<Gated>(*this));
};

}  // namespace hfget::store

#endif  // HFGET_TESTS_STORE_FAULTY_ENV_H_
