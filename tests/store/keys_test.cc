#include "daemon/store/keys.h"

#include "daemon/store/store.h"
#include "gtest/gtest.h"

namespace hfget::store {
namespace {

TEST(KeysTest, AnIdCannotReachIntoAnothersPrefix) {
  EXPECT_EQ(EscapeKey("a/b"), "a%2Fb");
  EXPECT_EQ(EscapeKey("a%2Fb"), "a%252Fb");
  EXPECT_NE(ProvenancePrefix("a/b"), ProvenancePrefix("a%2Fb"));
  EXPECT_NE(ProvenanceKey("a/00000001", 2).rfind(ProvenancePrefix("a"), 0), 0u);
  EXPECT_NE(ProvenancePrefix("ab").rfind(ProvenancePrefix("a"), 0), 0u);
}

TEST(KeysTest, UnescapeIsTheInverse) {
  for (const std::string& id :
       {std::string("plain-1.2_x"), std::string("a/b%c"), std::string("\0\n\x7f", 3),
        std::string("名前"), std::string("%%//"), std::string()}) {
    EXPECT_EQ(UnescapeKey(EscapeKey(id)), id);
  }
}

TEST(KeysTest, UnescapeRefusesWhatNobodyEscaped) {
  for (const char* part : {"%", "%2", "%zz", "a/b", "%41", "%2f", "a%"})
    EXPECT_FALSE(UnescapeKey(part)) << part;
}

TEST(KeysTest, NumbersSortAsNumbers) {
  EXPECT_EQ(ProvenanceKey("id", 7), "l/id/00000007");
  EXPECT_LT(ProvenanceKey("k", 999), ProvenanceKey("k", 1024));
  EXPECT_EQ(NumberOf(ProvenanceKey("k", 123456)), 123456);
  EXPECT_EQ(NumberOf(ProvenanceKey("k", 1234567890123)), 1234567890123);
  EXPECT_FALSE(NumberOf("l/k/x"));
  EXPECT_FALSE(NumberOf("none"));
}

TEST(KeysTest, PrefixEndIsBehindAllOfThePrefix) {
  EXPECT_GT(PrefixEnd("l/id/"), "l/id/\xff\xff");
  EXPECT_LT(PrefixEnd("l/id/"), "l/id1/");
}

TEST(KeysTest, KindsDoNotMeet) {
  EXPECT_EQ(PullKey("x"), "p/x");
  EXPECT_EQ(TransferKey("x"), "t/x");
  EXPECT_EQ(SourceKey("x"), "s/x");
  EXPECT_EQ(ProvenancePrefix("x"), "l/x/");
}

}  // namespace
}  // namespace hfget::store
