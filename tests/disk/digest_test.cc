#include "daemon/disk/digest.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::disk {
namespace {

using Kind = ContentHash::Kind;
using ::hfget::testing::HasCode;
using ::hfget::testing::MemoryFileSystem;

std::string HashOf(Kind kind, absl::string_view bytes) {
  FileHasher hasher(kind, static_cast<ByteCount>(bytes.size()));
  hasher.Update(bytes);
  EXPECT_EQ(hasher.Result().kind, kind);
  return hasher.Result().hex;
}

std::string Text(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 131 + i / 257);
  return text;
}

TEST(FileHasher, KnowsTheGitBlobHash) {  // git hash-object
  EXPECT_EQ(HashOf(Kind::kGitSha1, ""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(HashOf(Kind::kGitSha1, "hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
}

TEST(FileHasher, KnowsSha256) {  // FIPS 180-4
  EXPECT_EQ(HashOf(Kind::kSha256, ""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HashOf(Kind::kSha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(FileHasher, AnswersNothingWhereNothingIsPromised) {
  EXPECT_EQ(HashOf(Kind::kNone, "abc"), "");
}

TEST(FileHasher, GoesOnFromAStateAfterAnyByte) {
  const std::string text = Text(300);
  for (Kind kind : {Kind::kGitSha1, Kind::kSha256, Kind::kNone}) {
    const std::string want = HashOf(kind, text);
    for (size_t split = 0; split <= text.size(); ++split) {
      FileHasher before(kind, 300);
      before.Update(absl::string_view(text).substr(0, split));
      const std::string state = before.ExportState();
      EXPECT_LE(state.size(), 112u);
      std::optional<FileHasher> after = FileHasher::FromState(kind, 300, split, state);
      ASSERT_TRUE(after.has_value()) << split;
      EXPECT_EQ(after->hashed_bytes(), static_cast<ByteCount>(split));
      after->Update(absl::string_view(text).substr(split));
      EXPECT_EQ(after->Result().hex, want) << split;
    }
  }
}

TEST(FileHasher, RefusesAStateThatDoesNotFit) {
  FileHasher hasher(Kind::kSha256, 1000);
  hasher.Update(Text(100));
  const std::string state = hasher.ExportState();
  EXPECT_FALSE(FileHasher::FromState(Kind::kSha256, 1000, 101, state)) << "another place";
  EXPECT_FALSE(FileHasher::FromState(Kind::kGitSha1, 1000, 100, state)) << "another kind";
  EXPECT_FALSE(FileHasher::FromState(Kind::kNone, 1000, 100, state));
  EXPECT_FALSE(FileHasher::FromState(Kind::kSha256, 99, 100, state)) << "beyond the file";
  EXPECT_FALSE(FileHasher::FromState(Kind::kSha256, 1000, -1, state));
  EXPECT_FALSE(FileHasher::FromState(Kind::kSha256, 1000, 100, state + "x"));
  for (size_t size = 0; size < state.size(); ++size) {
    EXPECT_FALSE(FileHasher::FromState(Kind::kSha256, 1000, 100, state.substr(0, size))) << size;
  }
}

TEST(FileHasher, RefusesAStateOfAGitBlobOfAnotherLength) {
  FileHasher hasher(Kind::kGitSha1, 1000);
  hasher.Update(Text(64));
  EXPECT_FALSE(FileHasher::FromState(Kind::kGitSha1, 99, 64, hasher.ExportState()));
}

TEST(PieceDigester, DependsOnKeyAndBytes) {
  const PieceDigester a(std::string(32, 'a')), b(std::string(32, 'b'));
  const std::string text = Text(5000);
  EXPECT_EQ(a(text), PieceDigester(std::string(32, 'a'))(text));
  EXPECT_FALSE(a(text) == b(text));
  EXPECT_FALSE(a(text) == a(text.substr(1)));
}

TEST(HashFile, ReadsAFileOfSeveralPieces) {
  MemoryFileSystem fs;
  const std::string text = Text(2 * kPieceBytes + 17);
  fs.Put("/d/f", text);
  const auto got = HashFile(fs, "/d/f", {Kind::kSha256, "whatever"});
  ASSERT_OK(got);
  EXPECT_EQ(*got, HashOf(Kind::kSha256, text));
  EXPECT_EQ(fs.calls("PRead"), 3);
}

TEST(HashFile, CanBeStopped) {
  MemoryFileSystem fs;
  fs.Put("/d/f", "abc");
  const std::atomic<bool> stop = true;
  EXPECT_THAT(HashFile(fs, "/d/f", {Kind::kSha256, ""}, &stop),
              HasCode(absl::StatusCode::kCancelled));
}

TEST(HashFile, SaysThatTheFileIsNotThere) {
  MemoryFileSystem fs;
  EXPECT_THAT(HashFile(fs, "/d/f", {Kind::kSha256, ""}), HasCode(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace hfget::disk
