// Versions: the newer is refused untouched, the older is brought up to date, step by step.
#include "daemon/store/schema.h"

#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "tests/store/damage_scene.h"
#include "tests/store/faulty_env.h"
#include "tests/store/store_fixture.h"

namespace hfget::store {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

class SchemaTest : public StoreTest {
 protected:
  // Adds its name to that of one pull, so that what ran is seen, in order, and how often.
  static MigrationStep Step(const std::string& name) {
    return [name](rocksdb::DB& db, rocksdb::WriteBatch& changes) {
      std::string before;
      const std::string mark = PullKey("steps");
      records::v1::PullRecord record;
      if (db.Get({}, mark, &before).ok()) record.ParseFromString(before);
      record.set_id(record.id() + name);
      return absl::Status(changes.Put(mark, record.SerializeAsString()).ok()
                              ? absl::OkStatus()
                              : absl::InternalError("put"));
    };
  }

  absl::Status OpenAs(const Schema& schema) {
    options_.schema = &schema;
    return Open();
  }

  std::map<std::string, std::string> Folder() const {
    std::map<std::string, std::string> bytes;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      bytes[entry.path()] = entry.is_regular_file() ? ReadBytes(entry.path()) : "";
    }
    return bytes;
  }

  std::string Version() const { return ReadBytes(path() + "/SCHEMA").substr(0, 2); }

  const Schema one_{1, {}};
  const Schema three_{3, {Step("a"), Step("b")}};
};

TEST_F(SchemaTest, OursHasAStepForEveryVersionButTheFirst) {
  EXPECT_EQ(CurrentSchema().version, kSchemaVersion);
  EXPECT_EQ(CurrentSchema().steps.size(), static_cast<size_t>(kSchemaVersion - 1));
}

TEST_F(SchemaTest, AnOlderStoreIsBroughtUpToDateOnce) {
  ASSERT_OK(OpenAs(one_));
  ASSERT_OK(Commit(Pull("kept", 1)));
  for (int start = 0; start < 3; ++start) {
    ASSERT_OK(OpenAs(three_));
    EXPECT_THAT(PullIds(), ::testing::UnorderedElementsAre("kept", "ab"));
    EXPECT_EQ(Version(), "3 ");
  }
  EXPECT_THAT(OpenAs(one_), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SchemaTest, ANewStoreTakesNoSteps) {
  ASSERT_OK(OpenAs(three_));
  EXPECT_THAT(PullIds(), ElementsAre());
  EXPECT_EQ(Version(), "3 ");
}

TEST_F(SchemaTest, AStepThatFailsIsBegunAgainFromWhatItBeganWith) {
  ASSERT_OK(OpenAs(one_));
  Schema failing = three_;
  failing.steps[1] = [](rocksdb::DB&, rocksdb::WriteBatch&) {
    return absl::ResourceExhaustedError("no room for b");
  };
  EXPECT_THAT(OpenAs(failing),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("from schema 2 to 3")));
  ASSERT_OK(OpenAs(three_));
  EXPECT_THAT(PullIds(), ElementsAre("ab"));
}

// The process dies after it has worked out the changes of the second step, before they are written:
// what is in the folder then is what a kill leaves.
TEST_F(SchemaTest, ADeathWithinAStepLeavesItToBeDone) {
  ASSERT_OK(OpenAs(one_));
  const std::string left = folder_ + "/left";
  Schema dying = three_;
  dying.steps[1] = [&](rocksdb::DB& db, rocksdb::WriteBatch& changes) {
    const absl::Status status = three_.steps[1](db, changes);
    fs::copy(path(), left, fs::copy_options::recursive);
    return status;
  };
  ASSERT_OK(OpenAs(dying));
  store_.reset();
  fs::remove_all(path());
  fs::rename(left, path());
  options_.schema = &three_;
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_EQ(*note, "");
  EXPECT_THAT(PullIds(), ElementsAre("ab"));
  EXPECT_EQ(Version(), "3 ");
}

// Between the record and the file.
TEST_F(SchemaTest, AFileThatLagsIsWrittenAnew) {
  ASSERT_OK(OpenAs(three_));
  store_.reset();
  for (const char* text : {"1 0.1.0 1 0.1.0\n", "", "3 0.1.0 9 0.1.0\n", "9 0.1.0\n", "x"}) {
    WriteBytes(path() + "/SCHEMA", text);
    ASSERT_OK(OpenAs(three_)) << text;
    EXPECT_EQ(Version(), "3 ");
    store_.reset();
  }
}

TEST_F(SchemaTest, ANewerStoreIsRefusedWithEveryByteAsItWas) {
  ASSERT_OK(OpenAs(three_));
  ASSERT_OK(Commit(Pull("precious")));
  store_.reset();
  options_.schema = &one_;
  const auto refused =
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("(schema 3)"), HasSubstr("(schema 1)"), HasSubstr("--state-dir"),
                     HasSubstr(path())));
  for (const bool with_file : {true, false}) {
    if (!with_file) fs::remove(path() + "/SCHEMA");
    const auto before = Folder();
    EXPECT_THAT(Open(), refused);
    EXPECT_THAT(OpenOrReplace().status(), refused);
    EXPECT_EQ(Folder(), before);
  }
}

// One day the tables may be of a kind that this RocksDB cannot read: that is no damage.
TEST_F(SchemaTest, ANewerStoreThatRocksDbDoesNotUnderstandIsRefusedToo) {
  ASSERT_OK(OpenAs(three_));
  store_.reset();
  for (const auto& entry : fs::directory_iterator(path())) {
    const std::string name = entry.path().filename();
    if (name != "SCHEMA" && name != "LOCK") WriteBytes(entry.path(), "of another age");
  }
  options_.schema = &one_;
  const auto before = Folder();
  EXPECT_THAT(OpenOrReplace().status(), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Folder(), before);
}

TEST_F(SchemaTest, WhatIsSalvagedOfAnOlderStoreIsBroughtUpToDate) {
  ASSERT_OK(OpenAs(one_));
  ASSERT_OK(Commit(Pull("kept", 1)));
  store_.reset();
  fs::remove(path() + "/CURRENT");
  options_.schema = &three_;
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_THAT(*note, HasSubstr("1 pull and 0 unfinished files could be read"));
  EXPECT_THAT(PullIds(), ::testing::UnorderedElementsAre("kept", "ab"));
}

// Fields of a later hfgetd that has the same schema.
TEST_F(SchemaTest, UnknownFieldsSurviveSalvage) {
  ASSERT_OK(OpenAs(one_));
  Batch batch = Pull("kept", 1);
  batch.puts[0].second += "\xfa\x7f\x03xyz";  // field 2047, bytes
  const std::string value = batch.puts[0].second;
  ASSERT_OK(Commit(std::move(batch)));
  store_.reset();
  fs::remove(path() + "/CURRENT");
  ASSERT_OK(OpenOrReplace());
  ASSERT_EQ(store_->Load().pulls.size(), 1u);
  EXPECT_EQ(store_->Load().pulls[0].SerializeAsString(), value);
}

// tests/store/data/schema1: made by hfgetd 0.1.0 before there was a SCHEMA file or a mark of the
// manifest, killed, so that there are tables and a log.
TEST_F(SchemaTest, AStoreOfTheFirstHfgetdIsRead) {
  const fs::path fixture = fs::path(HFGET_STORE_DATA) / "schema1";
  fs::create_directories(path());
  for (const auto& entry : fs::directory_iterator(fixture)) {
    fs::copy(entry.path(), fs::path(path()) / entry.path().filename());
  }
  EXPECT_FALSE(fs::exists(path() + "/SCHEMA"));
  const absl::StatusOr<std::string> note = OpenOrReplace();
  ASSERT_OK(note);
  EXPECT_EQ(*note, "");
  EXPECT_EQ(Version(), "1 ");
  EXPECT_THAT(PullIds(), ElementsAre("in-a-table", "in-the-log"));
  const Contents contents = store_->Load();
  ASSERT_EQ(contents.transfers.size(), 1u);
  EXPECT_EQ(contents.transfers[0].second.durable_pieces(), "\xff\x01");
  ASSERT_EQ(contents.sources.size(), 1u);
  EXPECT_EQ(contents.sources[0].convictions(0).evidence(), "piece 7");
  EXPECT_EQ(store_->digest_key().size(), 32u);
}

}  // namespace
}  // namespace hfget::store
