#include "daemon/base/secret.h"

#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace hfget {
namespace {

constexpr char kToken[] = "hf_abcdefghijklmnopqrstuvwxyz12345678";

TEST(SecretTest, RedactedShowsTheKindAndTheEndOnly) {
  EXPECT_EQ(Secret(kToken).Redacted(), "hf_…5678");
  EXPECT_EQ(Secret("0123456789abcdef").Redacted(), "…cdef");
}

TEST(SecretTest, RedactedHidesShortTokensWhole) {
  EXPECT_EQ(Secret("hf_12345678").Redacted(), "…");
  EXPECT_EQ(Secret("x").Redacted(), "…");
  EXPECT_EQ(Secret().Redacted(), "");
}

TEST(SecretTest, CannotBeWrittenByAccident) {
  EXPECT_FALSE((std::is_convertible_v<Secret, std::string>));
  EXPECT_FALSE((std::is_convertible_v<Secret, absl::string_view>));
  EXPECT_FALSE((std::is_convertible_v<std::string, Secret>));
}

TEST(SecretTest, MovedFromIsEmpty) {
  Secret first(kToken);
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): the rule under test
  EXPECT_EQ(second.Reveal(), kToken);
  first = std::move(second);
  EXPECT_TRUE(second.empty());  // NOLINT
  EXPECT_EQ(first.Reveal(), kToken);
}

TEST(SecretTest, MoveLeavesNoShortTokenBehind) {
  Secret first("short-one");
  const absl::string_view bytes(first.Reveal().data(), 9);
  const Secret second(std::move(first));
  EXPECT_FALSE(absl::StrContains(bytes, "hort"));
}

TEST(SecretTest, ComparesByValue) {
  EXPECT_EQ(Secret("a"), Secret("a"));
  EXPECT_FALSE(Secret("a") == Secret("b"));
  const Secret copied = Secret(kToken);
  const Secret copy = copied;
  EXPECT_EQ(copy, copied);
}

TEST(WithoutUserInfoTest, LeavesNothingBeforeTheLastAt) {
  EXPECT_EQ(WithoutUserInfo("http://u:p@h:1/x"), "http://h:1/x");
  EXPECT_EQ(WithoutUserInfo("http://u:p/w@h:1"), "http://h:1");
  EXPECT_EQ(WithoutUserInfo("http://u@x:p@h"), "http://h");
  EXPECT_EQ(WithoutUserInfo("u:p://w@h"), "h") << "\"u:p\" is no scheme";
  EXPECT_EQ(WithoutUserInfo("u:p@h"), "h");
  EXPECT_EQ(WithoutUserInfo("http://h/x"), "http://h/x");
  EXPECT_EQ(WithoutUserInfo(""), "");
}

}  // namespace
}  // namespace hfget
