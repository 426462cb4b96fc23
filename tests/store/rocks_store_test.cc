#include "daemon/store/rocks_store.h"

#include <rocksdb/db.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "tests/store/faulty_env.h"
#include "tests/store/store_fixture.h"

namespace hfget::store {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

class RocksStoreTest : public StoreTest {};

TEST_F(RocksStoreTest, ANewStoreIsEmpty) {
  ASSERT_OK(Open());
  const Contents contents = store_->Load();
  EXPECT_TRUE(contents.pulls.empty() && contents.sources.empty() && contents.transfers.empty());
}

TEST_F(RocksStoreTest, WhatWasCommittedIsThereAfterwards) {
  ASSERT_OK(Open());
  Batch batch = Pull("second", 2);
  batch.puts.push_back(Pull("first", 9).puts[0]);
  batch.puts.push_back(Pull("a/b%", 1).puts[0]);
  records::v1::SourceRecord source;
  source.set_name("official");
  batch.puts.emplace_back(SourceKey("official"), source.SerializeAsString());
  records::v1::TransferRecord transfer;
  transfer.set_size_bytes(77);
  batch.puts.emplace_back(TransferKey("key/1"), transfer.SerializeAsString());
  ASSERT_OK(Commit(std::move(batch), Durability::kProgress));
  ASSERT_OK(Open());
  const Contents contents = store_->Load();
  EXPECT_THAT(PullIds(), ElementsAre("a/b%", "second", "first"));
  ASSERT_EQ(contents.sources.size(), 1u);
  EXPECT_EQ(contents.sources[0].name(), "official");
  ASSERT_EQ(contents.transfers.size(), 1u);
  EXPECT_EQ(contents.transfers[0].first, "key/1");
  EXPECT_EQ(contents.transfers[0].second.size_bytes(), 77);
}

TEST_F(RocksStoreTest, CommitsApplyInOrder) {
  ASSERT_OK(Open());
  absl::BlockingCounter left(301);
  const auto count = [&](absl::Status status) {
    EXPECT_OK(status);
    left.DecrementCount();
  };
  for (int i = 0; i < 100; ++i) {
    store_->Commit(Pull("id", i), Durability::kProgress, count);
    Batch remove;
    remove.deletes.push_back(PullKey("id"));
    store_->Commit(std::move(remove), i % 7 == 0 ? Durability::kPromise : Durability::kProgress,
                   count);
    store_->Commit(Pull("id", 1000 + i), Durability::kProgress, count);
  }
  store_->Commit({}, Durability::kPromise, count);
  left.Wait();
  ASSERT_EQ(store_->Load().pulls.size(), 1u);
  EXPECT_EQ(store_->Load().pulls[0].sequence(), 1099);
}

TEST_F(RocksStoreTest, APrefixGoesWithAllUnderItAndNothingElse) {
  ASSERT_OK(Open());
  Batch batch;
  for (const char* id : {"a", "a/b", "ab"}) {
    for (int piece : {0, 1024}) batch.puts.emplace_back(ProvenanceKey(id, piece), "");
  }
  ASSERT_OK(Commit(std::move(batch)));
  Batch replace;
  replace.delete_prefixes.push_back(ProvenancePrefix("a"));
  replace.puts.emplace_back(ProvenanceKey("a", 5), "");
  ASSERT_OK(Commit(std::move(replace)));
  const auto records = [this](const std::string& id) {
    absl::Notification done;
    size_t size = 0;
    store_->ReadProvenance(id, [&](auto read) {
      size = read.ok() ? read->size() : 999;
      done.Notify();
    });
    done.WaitForNotification();
    return size;
  };
  EXPECT_EQ(records("a"), 1u);
  EXPECT_EQ(records("a/b"), 2u);
  EXPECT_EQ(records("ab"), 2u);
}

TEST_F(RocksStoreTest, DamagedRecordsAreLeftOut) {
  ASSERT_OK(Open());
  Batch batch = Pull("good");
  batch.puts.emplace_back(PullKey("bad"), "\xff\xff\xff");
  batch.puts.emplace_back(SourceKey("bad"), "\xff");
  batch.puts.emplace_back(TransferKey("bad"), "\x0a\xff");
  batch.puts.emplace_back("t/%zz", "");
  ASSERT_OK(Commit(std::move(batch)));
  EXPECT_THAT(PullIds(), ElementsAre("good"));
  EXPECT_THAT(store_->Load().sources, IsEmpty());
  EXPECT_THAT(store_->Load().transfers, IsEmpty());
}

TEST_F(RocksStoreTest, ProvenanceComesWithItsPieces) {
  ASSERT_OK(Open());
  Batch batch;
  for (int64_t piece : {2048, 0, 1024}) {
    records::v1::ProvenanceRecord record;
    record.add_sources(absl::StrCat("at ", piece));
    batch.puts.emplace_back(ProvenanceKey("key", piece), record.SerializeAsString());
  }
  batch.puts.emplace_back(ProvenanceKey("key", 3072), "\xff");
  // Not waited for: a read sees what was committed before it.
  store_->Commit(std::move(batch), Durability::kProgress, [](absl::Status) {});
  absl::Notification done;
  store_->ReadProvenance("key", [&](auto runs) {
    ASSERT_OK(runs);
    ASSERT_EQ(runs->size(), 3u);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ((*runs)[i].first, i * 1024);
      EXPECT_EQ((*runs)[i].second.sources(0), absl::StrCat("at ", i * 1024));
    }
    done.Notify();
  });
  done.WaitForNotification();
}

TEST_F(RocksStoreTest, TheDigestKeyIsRandomAndStays) {
  ASSERT_OK(Open());
  const std::string key = store_->digest_key();
  EXPECT_EQ(key.size(), 32u);
  EXPECT_NE(key, std::string(32, '\0'));
  ASSERT_OK(Open());
  EXPECT_EQ(store_->digest_key(), key);
  store_.reset();
  std::filesystem::remove_all(path());
  ASSERT_OK(Open());
  EXPECT_NE(store_->digest_key(), key);
}

TEST_F(RocksStoreTest, ANewDigestKeyForgetsDigestsOfTheOldOne) {
  ASSERT_OK(Open());
  Batch batch;
  batch.puts.emplace_back(ProvenanceKey("key", 0), "");
  batch.deletes.push_back("m/digest_key");
  ASSERT_OK(Commit(std::move(batch)));
  ASSERT_OK(Open());
  absl::Notification done;
  store_->ReadProvenance("key", [&](auto runs) {
    EXPECT_TRUE(runs.ok() && runs->empty());
    done.Notify();
  });
  done.WaitForNotification();
}

TEST_F(RocksStoreTest, DoneComesThroughTheExecutor) {
  std::atomic<int> wakes = 0;
  Mailbox mailbox([&wakes] { ++wakes; });
  absl::StatusOr<std::unique_ptr<StateStore>> store = OpenRocksStore(path(), mailbox);
  ASSERT_OK(store);
  int done = 0;
  const std::thread::id me = std::this_thread::get_id();
  for (int i = 0; i < 10; ++i) {
    (*store)->Commit(Pull(absl::StrCat(i)), Durability::kProgress, [&, i](absl::Status status) {
      EXPECT_OK(status);
      EXPECT_EQ(std::this_thread::get_id(), me);
      EXPECT_EQ(done++, i);
    });
  }
  store->reset();  // commits what was handed over
  EXPECT_EQ(done, 0);
  EXPECT_EQ(wakes, 1);
  mailbox.Drain();
  EXPECT_EQ(done, 10);
}

TEST_F(RocksStoreTest, WaitingCommitsShareOneSync) {
  FaultyEnv faulty;
  options_.env = faulty.env.get();
  ASSERT_OK(Open());
  faulty.faults.Hold();
  absl::BlockingCounter left(101);
  const auto count = [&](absl::Status status) {
    EXPECT_OK(status);
    left.DecrementCount();
  };
  const int before = faulty.faults.syncs;
  store_->Commit(Pull("held"), Durability::kPromise, count);
  faulty.faults.WaitForSync();
  for (int i = 0; i < 100; ++i) store_->Commit(Pull(absl::StrCat(i)), Durability::kPromise, count);
  faulty.faults.Release();
  left.Wait();
  EXPECT_EQ(faulty.faults.syncs - before, 2);
  EXPECT_EQ(PullIds().size(), 101u);
  store_.reset();
}

TEST_F(RocksStoreTest, ProgressIsNotSynced) {
  FaultyEnv faulty;
  options_.env = faulty.env.get();
  ASSERT_OK(Open());
  const int before = faulty.faults.syncs;
  for (int i = 0; i < 10; ++i) ASSERT_OK(Commit(Pull(absl::StrCat(i)), Durability::kProgress));
  EXPECT_EQ(faulty.faults.syncs, before);
  ASSERT_OK(Commit(Pull("promise"), Durability::kPromise));
  EXPECT_EQ(faulty.faults.syncs, before + 1);
  store_.reset();
}

TEST_F(RocksStoreTest, NothingIsCommittedAfterAFailedSync) {
  FaultyEnv faulty;
  options_.env = faulty.env.get();
  ASSERT_OK(Open());
  ASSERT_OK(Commit(Pull("before")));
  faulty.faults.fail_sync = true;
  const absl::Status failed = Commit(Pull("lost"));
  EXPECT_THAT(failed, StatusIs(absl::StatusCode::kInternal, HasSubstr("injected sync failure")));
  faulty.faults.fail_sync = false;
  EXPECT_EQ(Commit(Pull("after")), failed);
  EXPECT_EQ(Commit(Pull("after"), Durability::kProgress), failed);
  EXPECT_THAT(PullIds(), ElementsAre("before"));
  ASSERT_OK(Open());
  EXPECT_THAT(PullIds(), ::testing::Contains("before"));
  EXPECT_THAT(PullIds(), ::testing::Not(::testing::Contains("after")));
  ASSERT_OK(Commit(Pull("mended")));
  store_.reset();
}

TEST_F(RocksStoreTest, IsOpenedAnewAndWrittenAgainWhenTheDiskIsWell) {
  FaultyEnv faulty;
  options_.env = faulty.env.get();
  ASSERT_OK(Open());
  ASSERT_OK(Commit(Pull("before")));
  faulty.faults.fail_append = true;
  EXPECT_FALSE(Commit(Pull("lost"), Durability::kProgress).ok());
  ++clock_.passed_seconds;
  EXPECT_FALSE(Commit(Pull("lost")).ok());  // still full
  EXPECT_THAT(PullIds(), ::testing::Contains("before"));
  faulty.faults.fail_append = false;
  EXPECT_FALSE(Commit(Pull("lost")).ok());  // too soon to look again
  ++clock_.passed_seconds;
  ASSERT_OK(Commit(Pull("after")));
  EXPECT_THAT(PullIds(), ::testing::IsSupersetOf({"before", "after"}));
  ASSERT_OK(Open());
  EXPECT_THAT(PullIds(), ::testing::IsSupersetOf({"before", "after"}));
  store_.reset();
}

TEST_F(RocksStoreTest, AFullDiskIsSaidAndSticks) {
  FaultyEnv faulty;
  options_.env = faulty.env.get();
  ASSERT_OK(Open());
  faulty.faults.fail_append = true;
  EXPECT_THAT(Commit(Pull("x"), Durability::kProgress),
              HasCode(absl::StatusCode::kResourceExhausted));
  faulty.faults.fail_append = false;
  EXPECT_THAT(Commit(Pull("x")), HasCode(absl::StatusCode::kResourceExhausted));
  store_.reset();
}

TEST_F(RocksStoreTest, ASecondOpenerIsRefusedAndHarmsNothing) {
  ASSERT_OK(Open());
  ASSERT_OK(Commit(Pull("mine")));
  EXPECT_THAT(OpenRocksStore(path(), executor_), HasCode(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(OpenOrSetAside(path(), executor_, options_).status(),
              HasCode(absl::StatusCode::kAlreadyExists));
  EXPECT_FALSE(std::filesystem::exists(aside()));
  ASSERT_OK(Commit(Pull("still mine")));
}

// The child is this test again, up to the statement; the folder's name comes to it through the
// environment.
class ProcessDeathTest : public StoreTest {
 protected:
  ProcessDeathTest() {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    if (const char* inherited = std::getenv("HFGET_TEST_FOLDER")) {
      std::filesystem::remove(folder_);
      folder_ = inherited;
      in_child_ = true;
    }
    ::setenv("HFGET_TEST_FOLDER", folder_.c_str(), 1);
  }
  ~ProcessDeathTest() override { ::unsetenv("HFGET_TEST_FOLDER"); }

  void CommitAndDie() {
    if (!Open().ok() || !Commit(Pull("progress", 1), Durability::kProgress).ok() ||
        !Commit(Pull("promise", 2), Durability::kPromise).ok()) {
      std::_Exit(1);
    }
    ::raise(SIGKILL);
  }

  bool in_child_ = false;
};

TEST_F(ProcessDeathTest, CommitsSurviveKill9) {
  EXPECT_EXIT(CommitAndDie(), ::testing::KilledBySignal(SIGKILL), "");
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_EQ(*note, "");
  EXPECT_THAT(PullIds(), ElementsAre("progress", "promise"));
}

TEST_F(ProcessDeathTest, AnotherProcessIsRefused) {
  if (!in_child_) {
    ASSERT_OK(Open());
  }
  EXPECT_EXIT(
      {
        const absl::Status status = OpenOrSetAside(path(), executor_, options_).status();
        std::_Exit(absl::IsAlreadyExists(status) ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
  EXPECT_FALSE(std::filesystem::exists(aside()));
}

}  // namespace
}  // namespace hfget::store
