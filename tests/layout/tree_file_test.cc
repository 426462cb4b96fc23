#include "daemon/layout/tree_file.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::layout {
namespace {

using ::hfget::testing::MemoryFileSystem;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kCommit(40, 'c');
const std::string kSha1(40, '1');
const std::string kSha256(64, '2');

hub::ManifestFile Regular(const std::string& path) {
  return {path, 5, ContentHash::FromHex(kSha1), "", ""};
}
hub::ManifestFile Lfs(const std::string& path) {
  return {path, 7, ContentHash::FromHex(kSha256), kSha1, std::string(64, 'e')};
}
hub::Manifest Listing(hub::ManifestFiles files) {
  hub::Manifest manifest;
  manifest.repo.name = "org/name";
  manifest.commit = kCommit;
  manifest.files = std::move(files);
  return manifest;
}

TEST(TreeFile, WritesWhatTheClientReads) {
  EXPECT_EQ(TreeToJson(Listing({Regular("b/config.json"), Lfs("a.bin")})),
            "{\n"
            " \"files\": {\n"
            "  \"a.bin\": {\n"
            "   \"blob_id\": \"" +
                kSha1 +
                "\",\n"
                "   \"lfs_sha256\": \"" +
                kSha256 +
                "\",\n"
                "   \"lfs_size\": 7,\n"
                "   \"size\": 7\n"
                "  },\n"
                "  \"b/config.json\": {\n"
                "   \"blob_id\": \"" +
                kSha1 +
                "\",\n"
                "   \"size\": 5\n"
                "  }\n"
                " },\n"
                " \"format_version\": 1\n"
                "}");
}

TEST(TreeFile, LeavesXetHashesOut) {
  EXPECT_THAT(TreeToJson(Listing({Lfs("a.bin")})), Not(HasSubstr("xet")));
}

TEST(TreeFile, WritesNothingThatIsNotWhole) {
  hub::ManifestFile no_pointer = Lfs("a.bin");
  no_pointer.git_oid.clear();
  EXPECT_EQ(TreeToJson(Listing({Regular("x"), no_pointer})), "");
  hub::ManifestFile no_hash = Regular("y");
  no_hash.hash = {};
  EXPECT_EQ(TreeToJson(Listing({no_hash})), "");
}

TEST(TreeFile, ForUsAloneTheHashIsEnough) {
  hub::ManifestFile no_pointer = Lfs("a.bin");
  no_pointer.git_oid.clear();
  const auto read = TreeFromJson(TreeToJson(Listing({no_pointer}), TreeReader::kHfget));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->files[0].hash, no_pointer.hash);
  EXPECT_EQ(read->files[0].git_oid, "");
  no_pointer.hash = {};
  EXPECT_EQ(TreeToJson(Listing({no_pointer}), TreeReader::kHfget), "");
}

TEST(TreeFile, ReadsBackWhatItWrote) {
  const auto read = TreeFromJson(TreeToJson(Listing({Lfs("a.bin"), Regular("b/ü.json")})));
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->files.size(), 2u);
  EXPECT_EQ(read->files[0].path, "a.bin");
  EXPECT_EQ(read->files[0].size, 7);
  EXPECT_EQ(read->files[0].hash, ContentHash::FromHex(kSha256));
  EXPECT_EQ(read->files[0].git_oid, kSha1);
  EXPECT_EQ(read->files[1].path, "b/ü.json");
  EXPECT_EQ(read->files[1].hash, ContentHash::FromHex(kSha1));
}

TEST(TreeFile, ReadsTheClientsOwn) {
  const auto read =
      TreeFromJson(R"({"format_version": 1, "files": {"m": {"size": 7, "blob_id": ")" + kSha1 +
                   R"(", "lfs_sha256": ")" + kSha256 + R"(", "lfs_size": 7, "xet_hash": ")" +
                   std::string(64, 'e') + R"("}}})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->files[0].xet_hash, std::string(64, 'e'));
}

TEST(TreeFile, AnEmptyRepoHasATree) {
  const auto read = TreeFromJson(TreeToJson(Listing({})));
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->files.empty());
}

TEST(TreeFile, RefusesWhatIsNotATree) {
  const std::string entry = R"({"size": 5, "blob_id": ")" + kSha1 + R"("})";
  for (const std::string& json : {
           std::string(""),
           std::string("{"),
           std::string("[]"),
           std::string("null"),
           std::string("{}"),
           R"({"format_version": 2, "files": {}})" + std::string(),
           std::string(R"({"format_version": "1", "files": {}})"),
           std::string(R"({"format_version": 1})"),
           std::string(R"({"format_version": 1, "files": []})"),
           std::string(R"({"format_version": 1, "files": {"a": 5}})"),
           std::string(R"({"format_version": 1, "files": {"a": {}}})"),
           std::string(R"({"format_version": 1, "files": {"a": {"size": 5, "blob_id": "zz"}}})"),
           R"({"format_version": 1, "files": {"a": {"size": -5, "blob_id": ")" + kSha1 + R"("}}})",
           R"({"format_version": 1, "files": {"a": {"size": "5", "blob_id": ")" + kSha1 + R"("}}})",
           R"({"format_version": 1, "files": {"a": {"size": 5, "blob_id": ")" + kSha256 + R"("}}})",
           R"({"format_version": 1, "files": {"../a": )" + entry + "}}",
           R"({"format_version": 1, "files": {"/a": )" + entry + "}}",
           R"({"format_version": 1, "files": {"a": )" + entry + R"(, "a/b": )" + entry + "}}",
       }) {
    EXPECT_FALSE(TreeFromJson(json).has_value()) << json;
  }
}

TEST(TreeFile, KeepsAGoodFileThatIsThere) {
  MemoryFileSystem fs;
  const TargetFolder target("/repo");
  ASSERT_OK(WriteTreeFile(fs, target, "", Listing({Regular("a")})));
  ASSERT_OK(WriteTreeFile(fs, target, "", Listing({Regular("b")})));
  const auto read = ReadTreeFile(fs, target, "", {}, kCommit);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->files[0].path, "a");
  EXPECT_EQ(read->commit, kCommit);
}

TEST(TreeFile, ReplacesABrokenOne) {
  MemoryFileSystem fs;
  const TargetFolder target("/repo");
  fs.Put("/repo/trees/" + kCommit + ".json", "{");
  EXPECT_FALSE(ReadTreeFile(fs, target, "", {}, kCommit).has_value());
  ASSERT_OK(WriteTreeFile(fs, target, "", Listing({Regular("b")})));
  EXPECT_TRUE(ReadTreeFile(fs, target, "", {}, kCommit).has_value());
}

// Whoever adds sizes up must not run over.
TEST(TreeFile, RefusesSizesThatNoDiskHas) {
  const auto tree = [](const std::vector<std::string>& sizes) {
    std::string rows;
    for (size_t i = 0; i < sizes.size(); ++i) {
      rows += (i > 0 ? "," : "") + std::string("\"f") + std::to_string(i) + "\":{\"blob_id\":\"" + std::string(40, 'a') +
              "\",\"size\":" + sizes[i] + "}";
    }
    return TreeFromJson("{\"files\":{" + rows + "},\"format_version\":1}").has_value();
  };
  EXPECT_TRUE(tree({"9007199254740992"}));
  EXPECT_FALSE(tree({"9007199254740993"}));
  EXPECT_FALSE(tree({"9223372036854775807", "9223372036854775807"}));
  EXPECT_TRUE(tree(std::vector<std::string>(128, "9007199254740992")));
  EXPECT_FALSE(tree(std::vector<std::string>(129, "9007199254740992")));
}

}  // namespace
}  // namespace hfget::layout
