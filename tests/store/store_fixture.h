// A store in a folder of its own, and commits that a test can wait for.
#ifndef HFGET_TESTS_STORE_STORE_FIXTURE_H_
#define HFGET_TESTS_STORE_STORE_FIXTURE_H_

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "daemon/base/mailbox.h"
#include "daemon/store/rocks_store.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::store {

// Runs at once, on the thread that posts.
class DirectExecutor final : public Executor {
 public:
  void Post(Task task) override { task(); }
};

class FixedClock final : public Clock {
 public:
  absl::Time Wall() const override {
    return absl::FromUnixSeconds(1'700'000'000);
  }  // 2023-11-14T22:13:20Z
  absl::Time Steady() const override { return Wall() + absl::Seconds(passed_seconds.load()); }
  absl::Duration ThreadCpu() const override { return absl::ZeroDuration(); }

  std::atomic<int> passed_seconds = 0;
};

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    // In memory where that can be had: these tests are about what is in the files, and syncs cost
    // them minutes.
    const bool memory = std::filesystem::is_directory("/dev/shm");
    folder_ = (memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) +
              "/hfget-store-XXXXXX";
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  ~StoreTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path() const { return folder_ + "/store"; }
  std::string aside() const { return path() + ".broken-20231114T221320Z"; }

  absl::Status Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<StateStore>> opened =
        OpenRocksStore(path(), executor_, options_);
    if (opened.ok()) store_ = *std::move(opened);
    return opened.status();
  }

  // The note; "" when all was well.
  absl::StatusOr<std::string> OpenOrReplace() {
    store_.reset();
    absl::StatusOr<OpenedStore> opened = OpenOrSetAside(path(), executor_, options_);
    if (!opened.ok()) return opened.status();
    store_ = std::move(opened->store);
    return opened->note;
  }

  absl::Status Commit(Batch batch, Durability durability = Durability::kPromise) {
    absl::Notification done;
    absl::Status result;
    store_->Commit(std::move(batch), durability, [&](absl::Status status) {
      result = std::move(status);
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  // RocksDB's threads do not live on in a child, which then waits for them for ever. Suites that
  // fork are named …DeathTest, because gtest runs those first; ctest gives each test its process.
  static bool MayFork() {
    const std::filesystem::directory_iterator threads("/proc/self/task");
    return std::distance(threads, {}) == 1;
  }

  static Batch Pull(const std::string& id, int64_t sequence = 0) {
    records::v1::PullRecord record;
    record.set_id(id);
    record.set_sequence(sequence);
    Batch batch;
    batch.puts.emplace_back(PullKey(id), record.SerializeAsString());
    return batch;
  }

  std::vector<std::string> PullIds() {
    std::vector<std::string> ids;
    for (const auto& pull : store_->Load().pulls) ids.push_back(pull.id());
    return ids;
  }

  DirectExecutor executor_;
  FixedClock clock_;
  RocksStoreOptions options_{nullptr, &clock_};
  std::string folder_;
  std::unique_ptr<StateStore> store_;
};

}  // namespace hfget::store

#endif  // HFGET_TESTS_STORE_STORE_FIXTURE_H_
