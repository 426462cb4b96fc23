// Whatever happens to a store's files, a daemon starts, and nothing vanishes without a word.
#include "daemon/store/set_aside.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "tests/store/store_fixture.h"

namespace hfget::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void WriteAll(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class SetAsideTest : public StoreTest {
 protected:
  SetAsideTest() { spdlog::set_level(spdlog::level::off); }
  ~SetAsideTest() override { spdlog::set_level(spdlog::level::info); }

  // Tables, a manifest with some history, and records of every kind.
  void Fill() {
    for (int round = 0; round < 3; ++round) {
      ASSERT_OK(Open());
      for (int i = 0; i < 40; ++i) {
        Batch batch = Pull(absl::StrCat(round, "-", i), round * 100 + i);
        batch.puts.emplace_back(ProvenanceKey("key", round * 100 + i), std::string(500, 'p'));
        ASSERT_OK(Commit(std::move(batch), Durability::kProgress));
      }
    }
    want_ = PullIds();
    ASSERT_EQ(want_.size(), 120u);
  }

  void FillAndClose() {
    Fill();
    store_.reset();
    fs::rename(path(), pristine());
  }

  // As after kill -9: the log holds what is in no table yet.
  void FillAndDie() {
    Fill();
    for (int i = 0; i < 20; ++i) ASSERT_OK(Commit(Pull(absl::StrCat("9-", i), 900 + i)));
    want_ = PullIds();
    fs::copy(path(), pristine(), fs::copy_options::recursive);
    store_.reset();
  }

  std::string pristine() const { return folder_ + "/pristine"; }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(pristine()))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  // Starts from the pristine store, does `harm` to one file, opens.
  template <typename Harm>
  std::string NoteAfter(const std::string& file, Harm harm) {
    store_.reset();
    fs::remove_all(path());
    fs::remove_all(aside());
    fs::copy(pristine(), path(), fs::copy_options::recursive);
    harm(fs::path(path()) / file);
    const absl::StatusOr<std::string> note = OpenOrReplace();
    EXPECT_OK(note) << file;
    return note.ok() ? *note : "error";
  }

  // The rule: usable now; and the records are there, or the user was told and the folder is kept.
  void ExpectNothingVanished(const std::string& what, const std::string& note) {
    ASSERT_NE(store_, nullptr) << what;
    if (note.empty()) {
      EXPECT_EQ(PullIds(), want_) << what;
      EXPECT_FALSE(fs::exists(aside())) << what;
    } else {
      EXPECT_TRUE(fs::exists(aside())) << what << note;
      EXPECT_THAT(note, HasSubstr(aside()));
    }
    EXPECT_OK(Commit(Pull("new"))) << what;
    EXPECT_EQ(store_->digest_key().size(), 32u);
  }

  void HarmEveryFile() {
    for (const std::string& file : Files()) {
      const std::string bytes = ReadAll(fs::path(pristine()) / file);
      ExpectNothingVanished("delete " + file,
                            NoteAfter(file, [](const fs::path& path) { fs::remove(path); }));
      for (size_t part = 0; part < 5; ++part) {
        const size_t size = bytes.size() * part / 5;
        if (cut_spares_log_ && absl::EndsWith(file, ".log")) break;
        ExpectNothingVanished(
            absl::StrCat("cut ", file, " to ", size),
            NoteAfter(file, [&](const fs::path& path) { fs::resize_file(path, size); }));
      }
      for (size_t part = 0; part < 12 && !bytes.empty(); ++part) {
        const size_t at = std::min(bytes.size() * part / 12 + part, bytes.size() - 1);
        std::string flipped = bytes;
        flipped[at] ^= 1 << (part % 8);
        ExpectNothingVanished(
            absl::StrCat("flip ", file, " at ", at),
            NoteAfter(file, [&](const fs::path& path) { WriteAll(path, flipped); }));
      }
    }
  }

  std::vector<std::string> want_;
  bool cut_spares_log_ = false;
};

TEST_F(SetAsideTest, NoFileOfAClosedStoreCanVanishUnseen) {
  FillAndClose();
  HarmEveryFile();
}

// But for a log that was cut: nobody can tell that from a process that died before it wrote the
// rest.
TEST_F(SetAsideTest, NoFileOfAKilledStoreCanVanishUnseen) {
  FillAndDie();
  cut_spares_log_ = true;
  HarmEveryFile();
}

TEST_F(SetAsideTest, AnUnharmedStoreIsLeftAlone) {
  FillAndClose();
  EXPECT_EQ(NoteAfter("", [](const fs::path&) {}), "");
  EXPECT_EQ(PullIds(), want_);
}

TEST_F(SetAsideTest, ADamagedLogKeepsWhatStoodBefore) {
  FillAndDie();
  std::string log;
  for (const std::string& file : Files()) {
    if (absl::EndsWith(file, ".log")) log = file;
  }
  std::string bytes = ReadAll(fs::path(pristine()) / log);
  bytes[bytes.size() / 2] ^= 1;
  const std::string note = NoteAfter(log, [&](const fs::path& path) { WriteAll(path, bytes); });
  EXPECT_THAT(note, HasSubstr("copy"));
  EXPECT_TRUE(fs::exists(fs::path(aside()) / log));
  const std::vector<std::string> have = PullIds();
  EXPECT_GT(have.size(), 80u);  // two rounds are in tables
  EXPECT_LT(have.size(), 140u);
  EXPECT_TRUE(std::equal(have.begin(), have.end(), want_.begin()));
  ASSERT_OK(Open());  // and it stays mended
  EXPECT_EQ(PullIds(), have);
}

// What may be older than what was lost: see salvage.h.
TEST_F(SetAsideTest, NothingIsSavedThatCouldMisleadWhenItIsOld) {
  ASSERT_OK(Open());
  Batch batch = Pull("kept");
  records::v1::SourceRecord source;
  source.set_name("tuna");
  source.set_switched_off(true);
  source.add_convictions()->set_evidence("piece 7");
  source.mutable_proof()->set_verdict(1);
  batch.puts.emplace_back(SourceKey("tuna"), source.SerializeAsString());
  records::v1::TransferRecord transfer;
  transfer.set_durable_pieces("\x07");
  transfer.set_hashed_bytes(3 << 20);
  transfer.set_hash_state("midstate");
  batch.puts.emplace_back(TransferKey("key"), transfer.SerializeAsString());
  batch.puts.emplace_back(ProvenanceKey("key", 0), "");
  ASSERT_OK(Commit(std::move(batch)));
  const std::string key = store_->digest_key();
  store_.reset();
  fs::remove(fs::path(path()) / "CURRENT");
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_THAT(*note, HasSubstr("1 pull and 1 unfinished file could be read"));
  EXPECT_THAT(PullIds(), ElementsAre("kept"));
  const Contents contents = store_->Load();
  ASSERT_EQ(contents.sources.size(), 1u);
  EXPECT_TRUE(contents.sources[0].switched_off());
  EXPECT_EQ(contents.sources[0].convictions_size(), 1);
  EXPECT_FALSE(contents.sources[0].has_proof());
  ASSERT_EQ(contents.transfers.size(), 1u);
  EXPECT_EQ(contents.transfers[0].second.durable_pieces(), "\x07");
  EXPECT_EQ(contents.transfers[0].second.hash_state(), "");
  EXPECT_NE(store_->digest_key(), key);
  absl::Notification done;
  store_->ReadProvenance("key", [&](auto runs) {
    EXPECT_TRUE(runs.ok() && runs->empty());
    done.Notify();
  });
  done.WaitForNotification();
}

TEST_F(SetAsideTest, TheStrictOpenerTouchesNothing) {
  FillAndClose();
  fs::copy(pristine(), path(), fs::copy_options::recursive);
  fs::remove(fs::path(path()) / "CURRENT");
  const size_t before = std::distance(fs::directory_iterator(path()), {});
  EXPECT_THAT(Open(), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_EQ(std::distance(fs::directory_iterator(path()), {}), static_cast<ptrdiff_t>(before));
}

TEST_F(SetAsideTest, NamesDoNotCollide) {
  FillAndClose();
  fs::create_directories(aside());
  fs::copy(pristine(), path(), fs::copy_options::recursive);
  fs::remove(fs::path(path()) / "CURRENT");
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_THAT(*note, HasSubstr(aside() + "-2"));
}

TEST_F(SetAsideTest, ANewerSchemaIsRefusedUntouched) {
  ASSERT_OK(Open());
  records::v1::SchemaRecord schema;
  schema.set_version(kSchemaVersion + 1);
  schema.set_written_by("99.0");
  Batch batch = Pull("precious");
  batch.puts.emplace_back("m/schema", schema.SerializeAsString());
  ASSERT_OK(Commit(std::move(batch)));
  store_.reset();
  const auto refused = StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("hfgetd 99.0"));
  EXPECT_THAT(Open(), refused);
  EXPECT_THAT(OpenOrReplace().status(), refused);
  EXPECT_FALSE(fs::exists(aside()));
}

TEST_F(SetAsideTest, SomebodysFolderIsNotMoved) {
  fs::create_directories(path());
  WriteAll(fs::path(path()) / "thesis.tex", "words");
  EXPECT_THAT(OpenOrReplace().status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("thesis.tex")));
  EXPECT_TRUE(fs::exists(fs::path(path()) / "thesis.tex"));
  EXPECT_FALSE(fs::exists(aside()));
}

TEST_F(SetAsideTest, AFileInTheFoldersPlaceIsAnError) {
  WriteAll(path(), "a file");
  EXPECT_FALSE(OpenOrReplace().ok());
  EXPECT_EQ(ReadAll(path()), "a file");
}

TEST_F(SetAsideTest, AStoreThatDiedAtBirthIsMadeAnew) {
  ASSERT_OK(Open());
  Batch batch;
  batch.deletes = {"m/schema", "m/digest_key"};
  ASSERT_OK(Commit(std::move(batch)));
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_EQ(*note, "");
  EXPECT_EQ(store_->digest_key().size(), 32u);
}

TEST_F(SetAsideTest, RecordsWithoutASchemaAreDamage) {
  ASSERT_OK(Open());
  Batch batch = Pull("x");
  batch.deletes = {"m/schema"};
  ASSERT_OK(Commit(std::move(batch)));
  store_.reset();
  EXPECT_THAT(Open(), HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(StoreTest, OneThatDiedWhileItWasMadeIsMadeAgain) {
  ASSERT_OK(Open());
  store_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(path())) {
    const std::string name = entry.path().filename();
    if (name.rfind("MANIFEST", 0) != 0 && name != "IDENTITY" && name != "SCHEMA") std::filesystem::remove(entry.path());
  }
  const absl::StatusOr<OpenedStore> opened = OpenOrSetAside(path(), executor_, options_);
  ASSERT_OK(opened.status());
  EXPECT_EQ(opened->note, "");
  EXPECT_FALSE(std::filesystem::exists(aside()));
}

}  // namespace
}  // namespace hfget::store
