#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/stored_tokens.h"
#include "gmock/gmock.h"
#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::CommandFixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kToken[] = "hf_averysecrettoken1234";

class AuthCommandTest : public CommandFixture {
 protected:
  AuthCommandTest() {
    daemon_.account.set_name("alice");
    daemon_.account.set_token_name("laptop");
    daemon_.account.set_token_role("read");
    daemon_.account.set_token_hint("hf_…1234");
    daemon_.account.set_source("official");
    daemon_.account.add_orgs("acme");
    daemon_.account.add_orgs("lab");
    daemon_.Start();
    secret_ = std::string(kToken) + "\n";
  }
  void Refuse(v1::ErrorCause cause, const std::string& message) {
    daemon_.account.Clear();
    daemon_.account.mutable_error()->set_cause(cause);
    daemon_.account.mutable_error()->set_message(message);
    daemon_.account.set_token_hint("hf_…1234");
  }
  StoredTokens Stored() const { return StoredTokens(Environment(env_)); }
  void ExpectNothingStored() {
    EXPECT_EQ(Stored().Active(), "");
    EXPECT_THAT(*Stored().Read(), IsEmpty());
  }
};

TEST_F(AuthCommandTest, ALoginStoresTheTokenUnderItsName) {
  EXPECT_EQ(Run({"auth", "login"}), 0);
  EXPECT_THAT(daemon_.asked_whose, ElementsAre(kToken));
  EXPECT_EQ(Stored().Active(), kToken);
  EXPECT_EQ(Stored().Read()->at("laptop").at("hf_token"), kToken);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), AllOf(HasSubstr("logged in as alice"), HasSubstr("permission: read"), HasSubstr("hf_…1234"),
                           HasSubstr("\"laptop\""), Not(HasSubstr(kToken))));
}

TEST_F(AuthCommandTest, ALoginByBrowserHasANameToo) {
  daemon_.account.clear_token_name();
  EXPECT_EQ(Run({"auth", "login"}), 0);
  EXPECT_EQ(Stored().Read()->count("oauth-alice"), 1u);
}

TEST_F(AuthCommandTest, ALoginTakesAFileOrAnArgumentAndWarnsOfTheArgument) {
  std::ofstream(temp_.path() + "/t") << kToken << "\n";
  secret_ = absl::CancelledError("not to be asked");
  EXPECT_EQ(Run({"auth", "login", "--token-file", "~/t"}), 0);
  EXPECT_EQ(Run({"auth", "login", "--token", kToken}), 0);
  EXPECT_THAT(err(), HasSubstr("process list"));
  EXPECT_THAT(daemon_.asked_whose, ElementsAre(kToken, kToken));
}

TEST_F(AuthCommandTest, ALoginNeverTakesWhatWasFound) {
  env_["HF_TOKEN"] = "hf_fromtheenvironment";
  secret_ = "";
  EXPECT_EQ(Run({"auth", "login"}), 2);
  EXPECT_THAT(err(), HasSubstr("there is no token"));
  ExpectNothingStored();
}

TEST_F(AuthCommandTest, ARefusedTokenIsNotStored) {
  Refuse(v1::ERROR_CAUSE_UNAUTHORIZED, "official refuses the token hf_…1234");
  EXPECT_EQ(Run({"auth", "login"}), 4);
  EXPECT_THAT(err(), AllOf(HasSubstr("official refuses"), HasSubstr("nothing is stored"), Not(HasSubstr("--no-check"))));
  ExpectNothingStored();
}

TEST_F(AuthCommandTest, WithoutAHubATokenIsStoredOnlyUnchecked) {
  Refuse(v1::ERROR_CAUSE_NO_SOURCE, "nobody could say whose token it is");
  EXPECT_EQ(Run({"auth", "login"}), 5);
  EXPECT_THAT(err(), AllOf(HasSubstr("nobody could say"), HasSubstr("--no-check")));
  ExpectNothingStored();
  daemon_.asked_whose.clear();
  EXPECT_EQ(Run({"auth", "login", "--no-check"}), 0);
  EXPECT_THAT(daemon_.asked_whose, IsEmpty());
  EXPECT_EQ(Stored().Active(), kToken);
}

TEST_F(AuthCommandTest, AnOrganisationsTokenAndWhatIsNoneAreRefused) {
  for (const char* bad : {"api_org_abcdefgh", "two words", "", " \n"}) {
    secret_ = bad;
    EXPECT_EQ(Run({"auth", "login", "--no-check"}), 2) << bad;
  }
  secret_ = absl::CancelledError("nothing was typed");
  EXPECT_EQ(Run({"auth", "login"}), 1);
  ExpectNothingStored();
}

TEST_F(AuthCommandTest, ALoginSaysWhatGoesBeforeIt) {
  env_["HF_TOKEN"] = "hf_x";
  Run({"auth", "login"});
  EXPECT_THAT(err(), HasSubstr("HF_TOKEN is set and is used instead"));
  env_["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
  Run({"auth", "login"});
  EXPECT_THAT(err(), HasSubstr("no stored token is used"));
}

TEST_F(AuthCommandTest, WhoamiSaysWhoAndWhereTheTokenIsFrom) {
  Run({"auth", "login"});
  daemon_.asked_whose.clear();
  EXPECT_EQ(Run({"auth", "whoami"}), 0);
  EXPECT_THAT(daemon_.asked_whose, ElementsAre(kToken));
  EXPECT_EQ(out(), "user:   alice\norgs:   acme,lab\ntoken:  hf_…1234 \"laptop\" (permission: read), from " +
                       temp_.path() + "/.cache/huggingface/token\nsource: official\n");
  env_["HF_TOKEN"] = kToken;
  EXPECT_EQ(Run({"auth", "whoami", "--json"}), 0);
  const json said = json::parse(out());
  EXPECT_EQ(said["user"], "alice");
  EXPECT_EQ(said["origin"], "HF_TOKEN");
  EXPECT_EQ(said["orgs"], json({"acme", "lab"}));
  EXPECT_THAT(out(), Not(HasSubstr(kToken)));
}

TEST_F(AuthCommandTest, WhoamiWithoutATokenAsksForTheDaemonsOwn) {
  EXPECT_EQ(Run({"auth", "whoami"}), 0);
  EXPECT_THAT(daemon_.asked_whose, ElementsAre(""));
  EXPECT_THAT(out(), HasSubstr("from the daemon"));
  env_["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
  EXPECT_EQ(Run({"auth", "whoami"}), 4);
  EXPECT_THAT(daemon_.asked_whose, ElementsAre(""));
}

TEST_F(AuthCommandTest, WhoamiOfARefusedTokenSaysWhichOne) {
  env_["HF_TOKEN"] = kToken;
  Refuse(v1::ERROR_CAUSE_UNAUTHORIZED, "official refuses the token hf_…1234");
  EXPECT_EQ(Run({"auth", "whoami", "--json"}), 4);
  EXPECT_THAT(err(), HasSubstr("official refuses the token hf_…1234 (the token is from HF_TOKEN)"));
  EXPECT_EQ(json::parse(out())["error"]["cause"], "unauthorized");
}

TEST_F(AuthCommandTest, ListMarksTheOneInUseAndShowsNone) {
  EXPECT_EQ(Run({"auth", "list"}), 0);
  EXPECT_EQ(out(), "");
  Run({"auth", "login"});
  ASSERT_TRUE(Stored().Add("other", "hf_anothersecret9999").ok());
  EXPECT_EQ(Run({"auth", "list"}), 0);
  EXPECT_EQ(out(), "   NAME    TOKEN\n   laptop  hf_…1234\n*  other   hf_…9999\n");
  EXPECT_EQ(Run({"auth", "list", "--json"}), 0);
  EXPECT_EQ(json::parse(out()), json::parse(R"([{"name":"laptop","token":"hf_…1234","active":false},
                                                {"name":"other","token":"hf_…9999","active":true}])"));
}

TEST_F(AuthCommandTest, LogoutRemovesOneOrAll) {
  Run({"auth", "login"});
  ASSERT_TRUE(Stored().Add("other", "hf_anothersecret9999").ok());
  EXPECT_EQ(Run({"auth", "logout", "--token-name", "absent"}), 3);
  EXPECT_EQ(Run({"auth", "logout", "--token-name", "laptop"}), 0);
  EXPECT_EQ(Stored().Active(), "hf_anothersecret9999");
  EXPECT_EQ(Run({"auth", "logout"}), 0);
  ExpectNothingStored();
  EXPECT_EQ(Run({"auth", "logout"}), 0);
  EXPECT_THAT(err(), HasSubstr("no token is stored"));
}

TEST_F(AuthCommandTest, LogoutSaysWhatIsLeft) {
  Run({"auth", "login"});
  std::filesystem::create_directories(temp_.path() + "/.huggingface");
  std::ofstream(temp_.path() + "/.huggingface/token") << "hf_older";
  EXPECT_EQ(Run({"auth", "logout"}), 0);
  EXPECT_THAT(err(), HasSubstr("a token is still found: " + temp_.path() + "/.huggingface/token"));
}

}  // namespace
}  // namespace hfget::cli
