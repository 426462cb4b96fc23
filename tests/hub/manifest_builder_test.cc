#include "daemon/hub/manifest_builder.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::StatusIs;

const RepoId kRepo = {RepoType::kModel, "org/name"};

ManifestFile File(std::string path, ByteCount size = 1) {
  ManifestFile file;
  file.path = std::move(path);
  file.size = size;
  return file;
}

TEST(ManifestBuilderTest, PutsPagesTogetherInOrder) {
  ManifestBuilder builder(kRepo, "c0ffee");
  EXPECT_OK(builder.AddPage({File("b"), File("a/x", 5)}));
  EXPECT_OK(builder.AddPage({}));
  EXPECT_OK(builder.AddPage({File("a/y", 7)}));
  EXPECT_EQ(builder.total_bytes(), 13);
  const Manifest& manifest = *builder.so_far();
  EXPECT_EQ(manifest.repo, kRepo);
  EXPECT_EQ(manifest.commit, "c0ffee");
  ASSERT_EQ(manifest.files.size(), 3u);
  EXPECT_EQ(manifest.files[0].path, "b");
  EXPECT_EQ(manifest.files[2].path, "a/y");
}

TEST(ManifestBuilderTest, ClashesAreSeenAcrossPages) {
  ManifestBuilder duplicate(kRepo, "c");
  EXPECT_OK(duplicate.AddPage({File("a")}));
  EXPECT_THAT(duplicate.AddPage({File("b"), File("a")}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
  ManifestBuilder folder(kRepo, "c");
  EXPECT_OK(folder.AddPage({File("a/b")}));
  EXPECT_THAT(folder.AddPage({File("a")}), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(ManifestBuilderTest, NamesMayDifferInCaseOnly) {
  ManifestBuilder builder(kRepo, "c");
  EXPECT_OK(builder.AddPage({File("A"), File("a")}));
}

TEST(ManifestBuilderTest, TheSumOfSizesCannotOverflow) {
  ManifestBuilder builder(kRepo, "c");
  for (int i = 0; i < 128; ++i)
    EXPECT_OK(builder.AddPage({File(absl::StrCat(i), ByteCount{1} << 53)}));
  EXPECT_THAT(builder.AddPage({File("one more")}), HasCode(absl::StatusCode::kResourceExhausted));
}

TEST(ManifestBuilderTest, FilesAndNamesAreBounded) {
  constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;
  ManifestBuilder files(kRepo, "c", {.files = 2});
  EXPECT_OK(files.AddPage({File("a"), File("b")}));
  EXPECT_THAT(files.AddPage({File("c")}), HasCode(kExhausted));
  ManifestBuilder names(kRepo, "c", {.path_bytes = 5});
  EXPECT_OK(names.AddPage({File("abc")}));
  EXPECT_THAT(names.AddPage({File("abcd")}), HasCode(kExhausted));
  ManifestBuilder held(kRepo, "c", {.held_bytes = 2 * static_cast<ByteCount>(sizeof(ManifestFile)) + 100});
  EXPECT_OK(held.AddPage({File("a"), File("b")}));
  EXPECT_THAT(held.AddPage({File("c")}), HasCode(kExhausted));
  EXPECT_LE(ManifestBuilder::Limits().files, 5'000'000u);
}

}  // namespace
}  // namespace hfget::hub
