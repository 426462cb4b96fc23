#include "daemon/options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/daemon/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::HasSubstr;

class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() {
    env_.variables["HOME"] = home_.path();
    env_.working_folder = home_.path();
    env_.uid = 1000;
  }
  absl::StatusOr<Options> Parse(const std::vector<std::string>& args) {
    const absl::StatusOr<Flags> flags = ParseFlags(args);
    if (!flags.ok()) return flags.status();
    return ResolveOptions(*flags, env_);
  }

  TempFolder home_;
  Environment env_;
};

TEST_F(OptionsTest, WithNothingSaidTheDefaultsHold) {
  const auto options = Parse({});
  ASSERT_OK(options);
  EXPECT_EQ(options->config_file, "");
  EXPECT_EQ(options->socket.path, "/tmp/hfget-1000/hfgetd.sock");
  EXPECT_EQ(options->state_dir.path, home_ / ".local/state/hfget");
  EXPECT_EQ(options->log.file, "");
  EXPECT_EQ(options->log.level, "info");
  EXPECT_EQ(options->ready_fd, -1);
  EXPECT_EQ(options->buffers_mib, 80);
  EXPECT_EQ(options->engine.cache_dir, home_ / ".cache/huggingface/hub");
  EXPECT_EQ(options->engine.max_connections, 64);
  EXPECT_EQ(options->engine.max_active_pulls, 4);
  EXPECT_EQ(options->engine.remembered_pulls, 10'000);
  EXPECT_TRUE(options->engine.sync_data);
  EXPECT_EQ(options->engine.sources.front().name, "official");
  ASSERT_TRUE(options->engine.find_token);
}

TEST_F(OptionsTest, TheTokenIsLookedForAtEachCall) {
  const auto options = Parse({});
  ASSERT_OK(options);
  EXPECT_TRUE(options->engine.find_token().empty());
  home_.Write(".cache/huggingface/token", "hf_new");
  EXPECT_EQ(options->engine.find_token().Reveal(), "hf_new");
}

TEST_F(OptionsTest, ATokenFileIsNamedByTheConfigurationOrByAFlag) {
  home_.Write(".config/hfget/config.toml", "token_file = \"~/mounted\"");
  home_.Write("mounted", "hf_mounted\n");
  home_.Write("flag", "hf_flag");
  EXPECT_EQ(Parse({})->engine.find_token().Reveal(), "hf_mounted");
  EXPECT_EQ(Parse({"--token-file", "flag"})->engine.find_token().Reveal(), "hf_flag");
  home_.Write("mounted", "hf_rotated\n");
  EXPECT_EQ(Parse({})->engine.find_token().Reveal(), "hf_rotated");
}

TEST_F(OptionsTest, FlagsGoBeforeTheFile) {
  home_.Write(".config/hfget/config.toml",
              "cache_dir = \"~/models\"\n[limits]\nmax_connections = 9\nmax_active_pulls = 2\n"
              "remembered_pulls = 0\nrate = 7\nbuffers_mib = 16\n[log]\nfile = \"~/l\"\nlevel = \"warn\"\n");
  auto options = Parse({});
  ASSERT_OK(options);
  EXPECT_EQ(options->config_file, home_ / ".config/hfget/config.toml");
  EXPECT_EQ(options->engine.cache_dir, home_ / "models");
  EXPECT_EQ(options->engine.max_connections, 9);
  EXPECT_EQ(options->engine.max_active_pulls, 2);
  EXPECT_EQ(options->engine.remembered_pulls, 0);
  EXPECT_EQ(options->engine.max_bytes_per_sec, 7);
  EXPECT_EQ(options->buffers_mib, 16);
  EXPECT_EQ(options->log.file, home_ / "l");
  EXPECT_EQ(options->log.level, "warn");

  options = Parse({"--log-file", "x.log", "--log-level", "trace", "--no-fsync", "--socket", "s",
                   "--state-dir", "st", "--ready-fd", "3"});
  ASSERT_OK(options);
  EXPECT_EQ(options->log.file, home_ / "x.log");
  EXPECT_EQ(options->log.level, "trace");
  EXPECT_FALSE(options->engine.sync_data);
  EXPECT_EQ(options->socket.path, home_ / "s");
  EXPECT_EQ(options->state_dir.path, home_ / "st");
  EXPECT_EQ(options->ready_fd, 3);
}

TEST_F(OptionsTest, InTheBackgroundItLogsBesideItsState) {
  EXPECT_EQ(Parse({"--ready-fd=5", "--state-dir=/st"})->log.file, "/st/hfgetd.log");
  EXPECT_EQ(Parse({"--state-dir=/st"})->log.file, "");
}

TEST_F(OptionsTest, ANamedConfigurationIsTaken) {
  home_.Write("c.toml", "[limits]\nmax_connections = 5");
  const auto options = Parse({"--config", "c.toml"});
  ASSERT_OK(options);
  EXPECT_EQ(options->engine.max_connections, 5);
  EXPECT_EQ(options->config_file, home_ / "c.toml");
}

TEST_F(OptionsTest, ANamedConfigurationMustBeThere) {
  EXPECT_THAT(Parse({"--config", "none.toml"}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       absl::StrCat("cannot read the configuration ", home_ / "none.toml",
                                    ": No such file or directory")));
  EXPECT_THAT(
      Parse({"--config", home_.path()}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cannot read the configuration")));
}

TEST_F(OptionsTest, ATypoInTheFileIsOneLineWithItsPlace) {
  const std::string file = home_.Write(".config/hfget/config.toml", "[limits]\nmax_conections = 4");
  EXPECT_THAT(Parse({}), StatusIs(absl::StatusCode::kInvalidArgument,
                                  absl::StrCat("unknown key \"max_conections\" at ", file,
                                               ":2:1, did you mean \"max_connections\"?")));
}

TEST_F(OptionsTest, HelpAndVersionAreAnswers) {
  EXPECT_EQ(ParseFlags({"--version"})->answer, "hfgetd " HFGET_VERSION "\n");
  EXPECT_THAT(ParseFlags({"--help"})->answer, HasSubstr("--state-dir DIR"));
  EXPECT_EQ(ParseFlags({})->answer, "");
}

TEST_F(OptionsTest, WrongFlagsAreOneLine) {
  const struct {
    std::vector<std::string> args;
    std::string message;
  } kCases[] = {
      {{"--sockett", "x"}, "--sockett"},
      {{"serve"}, "serve"},
      {{"--socket"}, "--socket: 1 required PATH missing"},
      {{"--log-level", "loud"}, "loud not in {trace,debug,info,warn,error}"},
      {{"--ready-fd", "two"}, "--ready-fd"},
      {{"--ready-fd", "1"}, "not in range"},
  };
  for (const auto& c : kCases) {
    const auto options = Parse(c.args);
    EXPECT_THAT(options, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)));
    EXPECT_EQ(options.status().message().find('\n'), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace hfget
