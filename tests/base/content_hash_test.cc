#include "daemon/base/content_hash.h"

#include <string>

#include "gtest/gtest.h"

namespace hfget {
namespace {

using Kind = ContentHash::Kind;

TEST(ContentHashTest, LengthTellsTheKind) {
  EXPECT_EQ(ContentHash::FromHex(std::string(40, 'a')).kind, Kind::kGitSha1);
  EXPECT_EQ(ContentHash::FromHex(std::string(64, '0')).kind, Kind::kSha256);
  for (size_t length : {0, 39, 41, 63, 65, 128}) {
    EXPECT_EQ(ContentHash::FromHex(std::string(length, 'a')).kind, Kind::kNone) << length;
  }
}

TEST(ContentHashTest, FoldsUpperCase) {
  EXPECT_EQ(ContentHash::FromHex(std::string(40, 'F')), ContentHash::FromHex(std::string(40, 'f')));
}

TEST(ContentHashTest, RefusesWhatIsNotHex) {
  for (const std::string& odd : {std::string("g"), std::string(" "), std::string("/"),
                                 std::string(1, '\0'), std::string("\xc3")}) {
    const ContentHash hash = ContentHash::FromHex(odd + std::string(40 - odd.size(), 'a'));
    EXPECT_EQ(hash.kind, Kind::kNone);
    EXPECT_EQ(hash.hex, "");
  }
}

TEST(ContentHashTest, DiffersByKindAndDigits) {
  EXPECT_NE(ContentHash::FromHex(std::string(40, 'a')), ContentHash::FromHex(std::string(40, 'b')));
  EXPECT_NE(ContentHash::FromHex(std::string(40, 'a')), ContentHash());
}

}  // namespace
}  // namespace hfget
