#include "daemon/engine/pull_files.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

std::shared_ptr<hub::Manifest> Listing(int files) {
  auto listing = std::make_shared<hub::Manifest>();
  for (int i = 0; i < files; ++i) listing->files.push_back({absl::StrCat("f", i, i % 2 ? ".json" : ".bin"), 10, {}, "", ""});
  return listing;
}

TEST(PullFilesTest, KeepsWhatTheFiltersKeep) {
  PullFiles files(hub::Filters{.files = {}, .include = {"*.json"}, .exclude = {"f3.*"}});
  files.Take(Listing(6));
  EXPECT_EQ(files.listed(), 6u);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[1].path, "f5.json");
  EXPECT_EQ(files.bytes(), 20);
}

TEST(PullFilesTest, TakesOnlyWhatIsNew) {
  PullFiles files;
  const auto listing = Listing(3);
  files.Take(listing);
  listing->files.push_back({"later", 1, {}, "", ""});
  files.Take(listing);
  EXPECT_EQ(files.size(), 4u);
  EXPECT_EQ(files.PartOf(3, 4).files[0]->path, "later");
  EXPECT_EQ(files.bytes(), 31);
}

TEST(PullFilesTest, GoesOnWithAnotherCopyAndKeepsTheFirstAlive) {
  PullFiles files;
  files.Take(Listing(3));
  files.Take(Listing(5));
  EXPECT_EQ(files.listed(), 5u);
  EXPECT_EQ(files[0].path, "f0.bin");
  EXPECT_EQ(files[4].path, "f4.bin");
  EXPECT_EQ(files.listing()->files.size(), 5u);
  EXPECT_EQ(files.all().owners.size(), 2u);
}

TEST(PullFilesTest, NamesTheFirstFileThatIsNotListed) {
  PullFiles files(hub::Filters{.files = {"f1.json", "*.txt", "folder/", "no.json", "neither.json"}, .include = {}, .exclude = {}});
  EXPECT_EQ(files.absent(), "f1.json");
  files.Take(Listing(3));
  EXPECT_EQ(files.absent(), "no.json");
  EXPECT_EQ(files.size(), 1u);
  EXPECT_EQ(PullFiles().absent(), "");
}

}  // namespace
}  // namespace hfget::engine
