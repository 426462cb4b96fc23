#include "daemon/hub/ms_commit.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/sha256.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

ManifestFile File(std::string path, ByteCount size, char digit) {
  ManifestFile file;
  file.path = std::move(path);
  file.size = size;
  file.hash = ContentHash::FromHex(std::string(64, digit));
  return file;
}

TEST(Sha256HexTest, IsTheStandards) {  // FIPS 180-4, its examples
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(MsCommitTest, IsTheHashOfTheSortedLines) {
  using namespace std::string_literals;
  const std::string lines =
      "a\0005\000"s + std::string(64, 'a') + "\nb/c\00010\000"s + std::string(64, 'b') + "\n";
  EXPECT_EQ(MsCommit({File("b/c", 10, 'b'), File("a", 5, 'a')}), Sha256Hex(lines).substr(0, 40));
  EXPECT_EQ(MsCommit({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4");
}

TEST(MsCommitTest, OrderDoesNotMatter) {
  ManifestFiles files = {File("a", 1, '1'), File("a/b", 2, '2'), File("z", 3, '3')};
  const std::string commit = MsCommit(files);
  EXPECT_TRUE(IsFullCommit(commit));
  std::reverse(files.begin(), files.end());
  EXPECT_EQ(MsCommit(files), commit);
}

TEST(MsCommitTest, EveryPartOfAFileMatters) {
  const std::set<std::string> commits = {MsCommit({File("a", 1, '1')}),
                                         MsCommit({File("b", 1, '1')}),
                                         MsCommit({File("a", 2, '1')}),
                                         MsCommit({File("a", 11, '1')}),
                                         MsCommit({File("a", 1, '2')}),
                                         MsCommit({}),
                                         MsCommit({File("a", 1, '1'), File("b", 1, '1')})};
  EXPECT_EQ(commits.size(), 7u);
}

}  // namespace
}  // namespace hfget::hub
