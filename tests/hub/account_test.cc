#include "daemon/hub/account.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ParseWhoAmITest, TakesWhatPeopleWantToKnow) {
  const auto account = ParseWhoAmI(R"({"type":"user","id":"64a1","name":"alice","fullname":"Alice A",
      "email":"a@example.org","emailVerified":true,"canPay":false,"periodEnd":null,
      "orgs":[{"type":"org","name":"acme","fullname":"Acme","roleInOrg":"admin"},{"name":"lab"}],
      "auth":{"type":"access_token","accessToken":{"displayName":"laptop","role":"fineGrained",
              "fineGrained":{"scoped":[{"entity":{"name":"x","type":"user"},"permissions":["repo.read"]}]}}}})");
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->name, "alice");
  EXPECT_EQ(account->full_name, "Alice A");
  EXPECT_EQ(account->email, "a@example.org");
  EXPECT_EQ(account->type, "user");
  EXPECT_THAT(account->orgs, ElementsAre("acme", "lab"));
  EXPECT_EQ(account->token_name, "laptop");
  EXPECT_EQ(account->token_role, "fineGrained");
}

TEST(ParseWhoAmITest, ALoginByBrowserHasNoTokenName) {
  const auto account = ParseWhoAmI(R"({"name":"bob","auth":{"type":"oauth","expiresAt":"2027"},"orgs":[]})");
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->token_name, "");
  EXPECT_THAT(account->orgs, IsEmpty());
}

TEST(ParseWhoAmITest, RefusesWhatIsNoAnswerOfAHub) {
  for (const char* bad : {"", "<html>", "[]", "\"alice\"", "{}", R"({"name":""})", R"({"name":7})",
                          R"({"orgs":[{"name":"acme"}]})"}) {
    EXPECT_THAT(ParseWhoAmI(bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("")))
        << bad;
  }
}

TEST(ParseWhoAmITest, AHostileHubFillsNeitherTheScreenNorTheMemory) {
  std::string orgs;
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&orgs, i > 0 ? "," : "", R"({"name":"o"})");
  const auto account =
      ParseWhoAmI(absl::StrCat(R"({"name":"a\u001b[2J\n)", std::string(5000, 'x'), R"(","orgs":[)", orgs, "]}"));
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->name.find('\x1b'), std::string::npos);
  EXPECT_EQ(account->name.find('\n'), std::string::npos);
  EXPECT_LE(account->name.size(), 250u);
  EXPECT_THAT(account->orgs, SizeIs(1000));
}

}  // namespace
}  // namespace hfget::hub
