// What is wrong with the machine is no damage: a healthy store is not moved because the disk is
// full, a permission is missing or a folder is read-only. And errors that come only while the
// daemon runs: nothing is promised on a store that may have lost something, and the next start says
// what is gone.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/store/database.h"
#include "daemon/store/rocks_status.h"
#include "daemon/store/schema.h"
#include "daemon/store/seal.h"
#include "tests/store/damage_scene.h"
#include "tests/store/faulty_env.h"
#include "tests/store/store_fixture.h"

namespace hfget::store {
namespace {

namespace fs = std::filesystem;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

constexpr uid_t kNobody = 65534;

class MachineFaultTest : public StoreTest {
 protected:
  MachineFaultTest() { spdlog::set_level(spdlog::level::off); }
  ~MachineFaultTest() override { spdlog::set_level(spdlog::level::info); }

  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.insert(entry.path().filename());
    return names;
  }

  std::string BytesOf(const std::string& extension) const {
    std::string bytes;
    for (const auto& entry : fs::directory_iterator(path())) {
      if (entry.path().extension() == extension) bytes += ReadBytes(entry.path());
    }
    return bytes;
  }

  // A store of somebody who is not root, and so can be refused.
  void MakeForNobody() {
    ASSERT_TRUE(MayFork());
    const pid_t child = ::fork();
    if (child == 0) {
      std::_Exit(Open().ok() && Commit(Pull("healthy")).ok() && (store_.reset(), true) ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
    if (::getuid() != 0) return;
    ASSERT_EQ(::chown(folder_.c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(::chown(path().c_str(), kNobody, kNobody), 0);
    for (const auto& entry : fs::directory_iterator(path())) {
      ASSERT_EQ(::chown(entry.path().c_str(), kNobody, kNobody), 0);
    }
  }

  // As nobody, in a process of its own, whose RocksDB has threads of its own. The first line: what
  // came of it; the second: what was said.
  std::string OpenAsNobody() {
    const std::string out = folder_ + "/out";
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(30);
      const int failed = ::getuid() == 0 ? ::setgid(kNobody) + ::setuid(kNobody) : 0;
      const absl::StatusOr<std::string> note = OpenOrReplace();
      if (note.ok() && PullIds() != std::vector<std::string>{"healthy"}) std::_Exit(3);
      WriteBytes(out, failed != 0 ? "no setuid"
                      : note.ok() ? absl::StrCat("opened\n", *note)
                                  : absl::StrCat(absl::StatusCodeToString(note.status().code()),
                                                 "\n", note.status().message()));
      store_.reset();
      std::_Exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    const std::string text = ReadBytes(out);
    fs::remove(out);
    return text;
  }
};

class PermissionDeathTest : public MachineFaultTest {};

TEST_F(PermissionDeathTest, AFileWithoutPermissionIsNoDamage) {
  MakeForNobody();
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path())) files.push_back(entry.path());
  int refused = 0;
  for (const fs::path& file : files) {
    if (!fs::exists(file)) continue;  // replaced by an opening that went well
    const fs::perms mode = fs::status(file).permissions();
    fs::permissions(file, fs::perms::none);
    const std::string said = OpenAsNobody();
    EXPECT_EQ(Names(), std::set<std::string>{"store"}) << file << said;
    if (!absl::StartsWith(said, "opened")) {
      EXPECT_TRUE(absl::StartsWith(said, "PERMISSION_DENIED")) << file << said;
      EXPECT_THAT(said, HasSubstr(file.string()));
      EXPECT_THAT(said, HasSubstr("make it readable and writable"));
      ++refused;
    } else {
      EXPECT_EQ(said, "opened\n") << file;
    }
    if (fs::exists(file)) fs::permissions(file, mode);
    EXPECT_EQ(OpenAsNobody(), "opened\n") << "afterwards " << file;
  }
  EXPECT_GE(refused, 4);  // CURRENT, MANIFEST, a table, LOCK
}

TEST_F(PermissionDeathTest, AFolderThatIsNotOursToWriteIsNoDamage) {
  MakeForNobody();
  fs::permissions(path(), fs::perms::owner_read | fs::perms::owner_exec);
  const std::string said = OpenAsNobody();
  EXPECT_TRUE(absl::StartsWith(said, "PERMISSION_DENIED")) << said;
  fs::permissions(path(), fs::perms::none);
  EXPECT_TRUE(absl::StartsWith(OpenAsNobody(), "PERMISSION_DENIED"));
  fs::permissions(path(), fs::perms::owner_all);
  EXPECT_EQ(Names(), std::set<std::string>{"store"});
  EXPECT_EQ(OpenAsNobody(), "opened\n");
}

TEST_F(MachineFaultTest, AFullDiskAtStartMovesNothing) {
  TableGate faulty;
  ASSERT_OK(Open());
  ASSERT_OK(Commit(Pull("healthy")));
  store_.reset();
  options_.env = faulty.env.get();
  faulty.full = true;
  const auto full =
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("free some space"));
  EXPECT_THAT(OpenOrReplace().status(), full);
  EXPECT_EQ(Names(), std::set<std::string>{"store"});
  // Neither does it where there is damage: without room there is no new store.
  fs::remove(path() + "/CURRENT");
  const std::string tables = BytesOf(".sst");
  EXPECT_THAT(OpenOrReplace().status(), full);
  EXPECT_THAT(OpenOrReplace().status().ToString(), HasSubstr("nothing was moved"));
  EXPECT_EQ(Names(), std::set<std::string>{"store"});
  EXPECT_EQ(BytesOf(".sst"), tables);
  faulty.full = false;
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_THAT(*note, HasSubstr("1 pull "));
  EXPECT_EQ(PullIds(), std::vector<std::string>{"healthy"});
  store_.reset();
}

TEST_F(MachineFaultTest, AReplacementThatWasInterruptedIsEnded) {
  ASSERT_OK(Open());
  ASSERT_OK(Commit(Pull("saved")));
  store_.reset();
  fs::rename(path(), path() + ".new");  // died between the two renames
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_EQ(PullIds(), std::vector<std::string>{"saved"});
  EXPECT_EQ(Names(), std::set<std::string>{"store"});
}

TEST_F(MachineFaultTest, ARepairThatKilledTheProcessIsNotTriedAgain) {
  ASSERT_OK(Open());
  ASSERT_OK(Commit(Pull("poison")));
  store_.reset();
  fs::remove(path() + "/CURRENT");
  fs::create_directories(path() + ".repair");
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_THAT(*note, HasSubstr("the list of pulls is lost"));
  EXPECT_FALSE(fs::exists(path() + ".repair"));
  EXPECT_TRUE(PullIds().empty());
}

// Memory, threads: they pass, too.
TEST_F(MachineFaultTest, WantOfMemoryIsNoDamage) {
  EXPECT_THAT(CallRocks([]() -> rocksdb::Status { throw std::bad_alloc(); }),
              HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(CallRocks([]() -> rocksdb::Status {
                throw std::system_error(std::make_error_code(
                    std::errc::resource_unavailable_try_again));
              }),
              HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(FromRocks(rocksdb::Status::IOError("x", "Disk quota exceeded")),
              HasCode(absl::StatusCode::kResourceExhausted));
}

// RocksDB cannot write a table, on a thread of its own: from then on it refuses to write.
TEST_F(MachineFaultTest, AfterAnErrorInTheBackgroundNothingIsPromised) {
  TableGate faulty;
  options_.env = faulty.env.get();
  ASSERT_OK(Open());
  ASSERT_OK(Commit(Pull("before")));
  faulty.fail_tables = true;
  absl::Status status;
  int promised = 0;
  for (; status.ok() && promised < 200; ++promised) {
    Batch batch = Pull(absl::StrCat("p", promised));
    batch.puts.emplace_back(ProvenanceKey("key", promised), std::string(100'000, 'p'));
    status = Commit(std::move(batch));
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, HasSubstr("cannot be written")));
  EXPECT_THAT(Commit(Pull("never")), HasCode(absl::StatusCode::kInternal));
  faulty.fail_tables = false;
  EXPECT_THAT(Commit(Pull("never")), HasCode(absl::StatusCode::kInternal));
  store_.reset();
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_EQ(*note, "");
  EXPECT_EQ(PullIds().size(), static_cast<size_t>(promised));  // "before", and all but the failed
  ASSERT_OK(Commit(Pull("mended")));
  store_.reset();
}

// A table that was written while the daemon ran, of changes that nobody was promised: when the entry
// for it is cut off the MANIFEST, RocksDB sees an older database and nothing amiss.
TEST_F(MachineFaultTest, ATableThatTheManifestForgetsIsMissed) {
  ASSERT_OK(Open());
  store_.reset();
  const DatabasePlace place{rocksdb::Env::Default(), path(), &CurrentSchema()};
  const std::string killed = folder_ + "/killed";
  {
    const auto database = Database::Open(place, LogRecovery::kStrict);
    ASSERT_OK(database);
    const uint64_t before = ReadSeal(place.env, path()).manifest.bytes;
    const Batch batch = Pull("in the table");
    ASSERT_TRUE((*database)->db().Put({}, batch.puts[0].first, batch.puts[0].second).ok());
    ASSERT_TRUE((*database)->db().Flush({}).ok());
    while (ReadSeal(place.env, path()).manifest.bytes == before) std::this_thread::yield();
    fs::copy(path(), killed, fs::copy_options::recursive);
  }
  fs::remove_all(path());
  fs::rename(killed, path());
  for (const auto& entry : fs::directory_iterator(path())) {
    if (!absl::StartsWith(entry.path().filename().string(), "MANIFEST")) continue;
    fs::resize_file(entry.path(), entry.file_size() - 1);
  }
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_THAT(*note, HasSubstr("MANIFEST"));
  EXPECT_EQ(PullIds(), std::vector<std::string>{"in the table"});
}

// A table is damaged under a running daemon: what reads it says so, the daemon goes on, and the
// next start sets it aside.
TEST_F(MachineFaultTest, DamageUnderARunningDaemonIsSaid) {
  ASSERT_OK(Open());
  Batch batch = Pull("kept");
  for (int i = 0; i < 50; ++i) {
    batch.puts.emplace_back(ProvenanceKey("key", i), std::string(5000, static_cast<char>('a' + i)));
  }
  ASSERT_OK(Commit(std::move(batch)));
  ASSERT_OK(Open());
  for (const auto& entry : fs::directory_iterator(path())) {
    if (entry.path().extension() != ".sst") continue;
    std::string bytes = ReadBytes(entry.path());
    for (size_t at = 0; at < bytes.size() / 2; at += 100) bytes[at] ^= 1;
    std::fstream(entry.path(), std::ios::in | std::ios::out | std::ios::binary) << bytes;
  }
  absl::Notification done;
  store_->ReadProvenance("key", [&](auto runs) {
    EXPECT_THAT(runs.status(), HasCode(absl::StatusCode::kDataLoss));
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_OK(Commit(Pull("goes on")));
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_THAT(*note, HasSubstr(aside()));
  EXPECT_THAT(PullIds(), ::testing::Contains("goes on"));
}

}  // namespace
}  // namespace hfget::store
