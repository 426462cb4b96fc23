#include "daemon/api_options.h"

#include "daemon/options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/daemon/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class ApiOptionsTest : public ::testing::Test {
 protected:
  ApiOptionsTest() {
    env_.variables["HOME"] = home_.path();
    env_.working_folder = home_.path();
    env_.uid = 1000;
  }
  absl::StatusOr<Options> Parse(const std::string& api, std::vector<std::string> args = {}) {
    home_.Write(".config/hfget/config.toml", "[api]\n" + api);
    for (const char* word : {"--socket", "/run/hfget/s"}) args.push_back(word);
    const absl::StatusOr<Flags> flags = ParseFlags(args);
    if (!flags.ok()) return flags.status();
    return ResolveOptions(*flags, env_);
  }

  TempFolder home_;
  Environment env_;
};

TEST_F(ApiOptionsTest, WithNothingSaidTheDoorIsForTheDaemonsUserAlone) {
  const auto options = Parse("");
  ASSERT_OK(options);
  EXPECT_EQ(options->door.allowed.own_uid, 1000u);
  EXPECT_TRUE(options->door.allowed.users.empty());
  EXPECT_TRUE(options->door.allowed.groups.empty());
  EXPECT_EQ(options->door.tcp.address, "");
  EXPECT_FALSE(options->door.share_token);
  EXPECT_FALSE(options->engine.share_token);
  EXPECT_TRUE(options->door.allowed_targets.empty());
  EXPECT_THAT(options->door.own_caches, ElementsAre(home_ / ".cache/huggingface/hub", home_ / ".cache/modelscope"));
  EXPECT_EQ(options->engine.max_pulls_per_client, 1000);
}

TEST_F(ApiOptionsTest, UsersAndGroupsAreNamesOrNumbers) {
  const auto options = Parse("allow_users = [\"daemon\", \"4711\"]\nallow_groups = [\"root\", \"4712\"]\n");
  ASSERT_OK(options);
  EXPECT_THAT(options->door.allowed.users, ElementsAre(1u, 4711u));
  EXPECT_THAT(options->door.allowed.groups, ElementsAre(0u, 4712u));
}

TEST_F(ApiOptionsTest, ANameThatNobodyHasIsSaidWithItsPlace) {
  EXPECT_THAT(Parse("allow_users = [\"no-such-user-here\"]\n"),
              StatusIs(kInvalid, AllOf(HasSubstr("no user is named \"no-such-user-here\""), HasSubstr("config.toml:2:"))));
  EXPECT_THAT(Parse("allow_groups = [\"no-such-group\"]\n"), StatusIs(kInvalid, HasSubstr("no group is named")));
  EXPECT_THAT(Parse("allow_users = \"daemon\"\n"), StatusIs(kInvalid, HasSubstr("a list of users")));
  EXPECT_THAT(Parse("allow_user = []\n"), StatusIs(kInvalid, HasSubstr("allow_users")));
}

TEST_F(ApiOptionsTest, WhomTheKernelCannotNameIsNotLetIn) {
  EXPECT_THAT(Parse("allow_users = [\"nobody\"]\n"), StatusIs(kInvalid, HasSubstr("cannot name")));
  EXPECT_THAT(Parse("allow_groups = [\"65534\"]\n"), StatusIs(kInvalid, HasSubstr("cannot name")));
}

TEST_F(ApiOptionsTest, OthersNeedASocketThatTheyCanReach) {
  home_.Write(".config/hfget/config.toml", "[api]\nallow_users = [\"daemon\"]\n");
  EXPECT_THAT(ResolveOptions(*ParseFlags({}), env_), StatusIs(kInvalid, HasSubstr("choose one with --socket")));
}

TEST_F(ApiOptionsTest, TargetsAreAbsolute) {
  const auto options = Parse("allowed_targets = [\"/data/models/\", \"~/hub\"]\n");
  ASSERT_OK(options);
  EXPECT_THAT(options->door.allowed_targets, ElementsAre("/data/models", home_ / "hub"));
  EXPECT_THAT(Parse("allowed_targets = [\"models\"]\n"), StatusIs(kInvalid, AllOf(HasSubstr("not an absolute"), HasSubstr(":2:"))));
  EXPECT_THAT(Parse("allowed_targets = []\n"), StatusIs(kInvalid, HasSubstr("nothing could be pulled")));
}

TEST_F(ApiOptionsTest, LimitsAreTakenOver) {
  const auto options = Parse(
      "max_pulls_per_client = 3\nmax_watches_per_client = 4\nmax_connections_per_client = 5\nmax_calls_per_second = 6\nshare_token = true\n");
  ASSERT_OK(options);
  EXPECT_EQ(options->engine.max_pulls_per_client, 3);
  EXPECT_EQ(options->door.limits.watches, 4);
  EXPECT_EQ(options->door.limits.connections, 5);
  EXPECT_EQ(options->door.limits.calls_per_sec, 6);
  EXPECT_TRUE(options->engine.share_token);
  EXPECT_THAT(Parse("max_calls_per_second = 0\n"), StatusIs(kInvalid, HasSubstr("max_calls_per_second")));
}

TEST_F(ApiOptionsTest, TheFlagGoesBeforeTheFile) {
  const std::string file = "listen = \"127.0.0.1:1\"\ntoken_file = \"~/t\"\n";
  EXPECT_EQ(Parse(file)->door.tcp.address, "127.0.0.1:1");
  EXPECT_EQ(Parse(file)->door.tcp.token_file, home_ / "t");
  EXPECT_EQ(Parse(file, {"--listen", "localhost:2"})->door.tcp.address, "localhost:2");
}

TEST_F(ApiOptionsTest, APortIsNeverOpenToEverybody) {
  EXPECT_THAT(Parse("listen = \"127.0.0.1:7443\"\n"), StatusIs(kInvalid, HasSubstr("would let everybody in")));
  EXPECT_THAT(Parse("listen = \"127.0.0.1:7443\"\ntls_cert = \"/c\"\ntls_key = \"/k\"\n"),
              StatusIs(kInvalid, HasSubstr("would let everybody in")));
  EXPECT_THAT(Parse("", {"--listen", "0.0.0.0:7443"}), StatusIs(kInvalid, HasSubstr("would let everybody in")));
}

TEST_F(ApiOptionsTest, ATokenDoesNotGoOverTheNetworkInTheClear) {
  for (const std::string host : {"0.0.0.0", "[::]", "10.0.0.7", "node7", "127.0.0.1.example.org", "localhost.example.org", "[fe80::1]"}) {
    EXPECT_THAT(Parse("token_file = \"/t\"\n", {"--listen", host + ":7443"}), StatusIs(kInvalid, HasSubstr("without TLS"))) << host;
    EXPECT_OK(Parse("token_file = \"/t\"\ntls_cert = \"/c\"\ntls_key = \"/k\"\n", {"--listen", host + ":7443"})) << host;
  }
  for (const std::string host : {"127.0.0.1", "127.0.0.53", "[::1]", "localhost"}) {
    EXPECT_OK(Parse("token_file = \"/t\"\n", {"--listen", host + ":7443"})) << host;
  }
}

TEST_F(ApiOptionsTest, HalfOfTlsIsRefused) {
  EXPECT_THAT(Parse("tls_cert = \"/c\"\n"), StatusIs(kInvalid, HasSubstr("belong together")));
  EXPECT_THAT(Parse("tls_key = \"/k\"\n"), StatusIs(kInvalid, HasSubstr("belong together")));
  EXPECT_THAT(Parse("client_ca = \"/ca\"\nlisten = \"127.0.0.1:1\"\n"), StatusIs(kInvalid, HasSubstr("needs TLS")));
}

TEST_F(ApiOptionsTest, AnAddressHasAHostAndAPort) {
  for (const std::string bad : {"7443", ":7443", "host", "host:", "host:x", "host:70000", "::1:7443", "http://host:1", "unix:/s"}) {
    EXPECT_THAT(Parse("token_file = \"/t\"\n", {"--listen", bad}), StatusIs(kInvalid, HasSubstr("HOST:PORT"))) << bad;
  }
}

}  // namespace
}  // namespace hfget
