#include "daemon/config_file.h"

#include "daemon/hub/path_check.h"
#include "daemon/toml_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget {
namespace {

using ::hfget::testing::HasCode;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ConfigFileTest, AnEmptyFileSaysNothing) {
  const auto config = ParseConfigFile("", "c");
  ASSERT_OK(config);
  EXPECT_FALSE(config->cache_dir);
  EXPECT_FALSE(config->source_order);
  EXPECT_TRUE(config->sources.empty());
}

TEST(ConfigFileTest, EveryKeyIsRead) {
  const auto config = ParseConfigFile(R"(
cache_dir = "~/models"
sources = ["tuna", "official"]
token_file = "/run/secrets/hf"
probe_repo = "demo/tiny"

[limits]
max_connections = 32
max_active_pulls = 2
remembered_pulls = 77
rate = "50MB"
buffers_mib = 256

[log]
file = "/var/log/hfget"
level = "debug"

[source.office]
endpoint = "https://hub.example.org/hf"
dialect = "huggingface"
enabled = true
authority = true
token = "if-proven"
proxy = "http://proxy:3128"
ca_bundle = "/etc/ca.pem"
max_connections = 8
rate = 1000

[source.a-second]

[modelscope]
cache_dir = "/data/ms"
token_file = "/run/secrets/ms"

[modelscope.ids]
"meta/m" = "LLM-Research/Meta.m"
"datasets/org/d" = "there/d"
"gpt2" = "AI-ModelScope/gpt2"

[bench]
schedule = "6h"
repo = "demo/tiny"
max_bytes = "1GiB"

[metrics]
listen = "127.0.0.1:9464"
)",
                                      "c");
  ASSERT_OK(config);
  EXPECT_EQ(config->probe_repo, "demo/tiny");
  EXPECT_EQ(config->modelscope_cache_dir, "/data/ms");
  EXPECT_EQ(config->modelscope_token_file, "/run/secrets/ms");
  EXPECT_EQ(config->modelscope_ids,
            (std::map<std::string, std::string>{
                {"meta/m", "LLM-Research/Meta.m"}, {"datasets/org/d", "there/d"}, {"gpt2", "AI-ModelScope/gpt2"}}));
  EXPECT_EQ(config->cache_dir, "~/models");
  EXPECT_EQ(config->token_file, "/run/secrets/hf");
  ASSERT_TRUE(config->source_order);
  EXPECT_EQ((*config->source_order)[0], std::make_pair(std::string("tuna"), std::string("c:3:12")));
  EXPECT_EQ((*config->source_order)[1].first, "official");
  EXPECT_EQ(config->max_connections, 32);
  EXPECT_EQ(config->max_active_pulls, 2);
  EXPECT_EQ(config->remembered_pulls, 77);
  EXPECT_EQ(config->max_bytes_per_sec, 50'000'000);
  EXPECT_EQ(config->buffers_mib, 256);
  EXPECT_EQ(config->bench_schedule, absl::Hours(6));
  EXPECT_EQ(config->bench_repo, "demo/tiny");
  EXPECT_EQ(config->bench_max_bytes, kGiB);
  EXPECT_EQ(config->metrics_listen, "127.0.0.1:9464");
  EXPECT_EQ(config->log_file, "/var/log/hfget");
  EXPECT_EQ(config->log_level, "debug");
  ASSERT_EQ(config->sources.size(), 2u);
  const SourceSection& office = config->sources[0];
  EXPECT_EQ(office.name, "office");  // in order of the file
  EXPECT_EQ(office.where, "c:18:9");
  EXPECT_EQ(office.endpoint, "https://hub.example.org/hf");
  EXPECT_EQ(office.dialect, "huggingface");
  EXPECT_EQ(office.enabled, true);
  EXPECT_EQ(office.authority, true);
  EXPECT_EQ(office.token_policy, core::TokenPolicy::kIfProven);
  EXPECT_EQ(office.proxy, "http://proxy:3128");
  EXPECT_EQ(office.ca_bundle, "/etc/ca.pem");
  EXPECT_EQ(office.max_connections, 8);
  EXPECT_EQ(office.max_bytes_per_sec, 1000);
  EXPECT_EQ(config->sources[1].name, "a-second");
  EXPECT_FALSE(config->sources[1].endpoint);
}

TEST(ConfigFileTest, AMistakeIsToldWithPlaceAndRemedy) {
  const struct {
    std::string text, message;
  } kCases[] = {
      {"\n\n[limits]\nmax_conections = 4\n",
       "unknown key \"max_conections\" at config.toml:4:1, did you mean \"max_connections\"?"},
      {"[limit]\n", "unknown key \"limit\" at config.toml:1:2, did you mean \"limits\"?"},
      {"cachedir = \"/x\"",
       "unknown key \"cachedir\" at config.toml:1:1, did you mean \"cache_dir\"?"},
      {"[log]\ncolour = true",
       "unknown key \"colour\" at config.toml:2:1, known here: file, level"},
      {"[source.tuna]\ntokens = \"never\"",
       "unknown key \"tokens\" at config.toml:2:1, did you mean \"token\"?"},
      {"cache_dir = 7", "cache_dir is 7 at config.toml:1:13: it must be a text in quotes"},
      {"[limits]\nmax_connections = \"many\"",
       "limits.max_connections is 'many' at config.toml:2:19: it must be a whole number from 1 to "
       "1024"},
      {"[limits]\nmax_connections = 0",
       "limits.max_connections is 0 at config.toml:2:19: it must be a whole number from 1 to 1024"},
      {"[limits]\nmax_active_pulls = 1.5",
       "limits.max_active_pulls is 1.5 at config.toml:2:20: it must be a whole number from 1 to "
       "1000"},
      {"[limits]\nrate = \"fast\"",
       "limits.rate is 'fast' at config.toml:2:8: it must be a number of bytes a second, or a text "
       "such as \"50MB\" or \"50MiB\" (0: no limit)"},
      {"[limits]\nrate = -1",
       "limits.rate is -1 at config.toml:2:8: it must be a number of bytes a second, or a text "
       "such "
       "as \"50MB\" or \"50MiB\" (0: no limit)"},
      {"[bench]\nschedule = \"often\"",
       "bench.schedule is 'often' at config.toml:2:12: it must be a span of 1m or more, such as \"6h\""},
      {"limits = 3", "limits is 3 at config.toml:1:10: it must be a table: [limits]"},
      {"[source.tuna]\nenabled = \"no\"",
       "source.tuna.enabled is 'no' at config.toml:2:11: it must be true or false"},
      {"[source.tuna]\ntoken = \"sometimes\"",
       "source.tuna.token is 'sometimes' at config.toml:2:9: it must be \"always\" or "
       "\"if-proven\" "
       "or \"never\""},
      {"sources = \"tuna\"",
       "sources is 'tuna' at config.toml:1:11: it must be a list of names, such as sources = "
       "[\"tuna\", \"official\"]; what a source is goes under [source.NAME]"},
      {"[sources.tuna]\nendpoint = \"https://x\"",
       "sources is a table at config.toml:1:1: it must be a list of names, such as sources = "
       "[\"tuna\", \"official\"]; what a source is goes under [source.NAME]"},
      {"sources = [\"tuna\", 3]",
       "sources is 3 at config.toml:1:20: it must be a list of names, such as sources = [\"tuna\", "
       "\"official\"]; what a source is goes under [source.NAME]"},
      {"[[source]]\nname = \"x\"",
       "source is a list at config.toml:1:1: it must be tables: one [source.NAME] for each source"},
      {"[source]\nendpoint = \"https://x\"",
       "source.endpoint is not a table at config.toml:2:1: describe one source under "
       "[source.NAME]"},
      {"[source.\"A b\"]",
       "\"A b\" is not a name for a source at config.toml:1:9: use a-z, 0-9, \"-\", \"_\" and "
       "\".\""},
      {"[modelscope.ids]\n\"org/m\" = \"nameonly\"",
       "\"org/m\" in modelscope.ids is not a pair of repo ids at config.toml:2:1: write \"org/name\" = "
       "\"org-there/name-there\""},
      {"[modelscope.ids]\norg = 3",
       "\"org\" in modelscope.ids is not a pair of repo ids at config.toml:2:1: write \"org/name\" = "
       "\"org-there/name-there\""},
      {"[source.env]",
       "the name \"env\" is taken by $HF_ENDPOINT at config.toml:1:9: choose another"},
  };
  for (const auto& c : kCases) {
    const auto config = ParseConfigFile(c.text, "config.toml");
    EXPECT_THAT(config, HasCode(absl::StatusCode::kInvalidArgument));
    EXPECT_EQ(std::string(config.status().message()), c.message);
  }
}

TEST(ConfigFileTest, TheFirstMistakeIsTold) {
  const auto config = ParseConfigFile("zz = 1\n[limits]\naa = 1\n", "c");
  EXPECT_THAT(std::string(config.status().message()), StartsWith("unknown key \"zz\" at c:1:1"));
}

TEST(ConfigFileTest, WhatIsNotTomlIsToldWithItsPlace) {
  for (const std::string text :
       {"a = ", "[limits\n", "sources = [\n\"x\"", "a = 1\na = 2", "\xFF\xFE"}) {
    const auto config = ParseConfigFile(text, "c");
    EXPECT_THAT(config, HasCode(absl::StatusCode::kInvalidArgument)) << text;
    EXPECT_THAT(std::string(config.status().message()), StartsWith("not TOML at c:")) << text;
    EXPECT_EQ(config.status().message().find('\n'), absl::string_view::npos) << text;
  }
}

TEST(ConfigFileTest, AListAndTablesOfOneNameAreExplained) {
  const auto config =
      ParseConfigFile("sources = [\"a\"]\n[sources.a]\nendpoint = \"https://x\"\n", "c");
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("goes under [source.NAME]"));
}

TEST(ConfigFileTest, RatesHaveDecimalAndBinaryUnits) {
  const struct {
    std::string text;
    ByteCount rate;
  } kCases[] = {{"0", 0},
                {"17", 17},
                {"1B", 1},
                {"50MB", 50000000},
                {"50 MB/s", 50000000},
                {"1.5KiB", 1536},
                {"2MiB/s", 2097152},
                {"1GB", 1000000000},
                {" 3KB ", 3000}};
  for (const auto& c : kCases) {
    const auto rate = ParseByteRate(c.text);
    ASSERT_OK(rate);
    EXPECT_EQ(*rate, c.rate) << c.text;
  }
  for (const std::string bad :
       {"", "MB", "-1MB", "5M", "1e9", "inf", "nan", "5 parsecs", "99999999GB", "1.2.3"}) {
    EXPECT_THAT(ParseByteRate(bad), HasCode(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(ConfigFileTest, NearestIsSilentWhenNothingIsNear) {
  const std::vector<std::string> words = {"max_connections", "rate", "file"};
  EXPECT_EQ(Nearest("maxconnections", words), "max_connections");
  EXPECT_EQ(Nearest("rat", words), "rate");
  EXPECT_EQ(Nearest("colour", words), "");
  EXPECT_EQ(Nearest("x", {}), "");
}

// A key in quotes may hold a line break or what a terminal obeys.
TEST(ConfigFileTest, EveryErrorIsOnePrintableLine) {
  const std::string forty(400, 'k');
  for (const std::string& text :
       {std::string("\"a\\nb\\u001b[2J\" = 1"), "\"" + forty + "\" = 1", std::string("[limits]\nrate = \"\"\"a\nb\"\"\""),
        std::string("[source.\"a\\nb\"]"), std::string("[source]\n\"a\\nb\" = 1"), std::string("[modelscope.ids]\n\"a\\nb\" = \"c\""),
        std::string("a = \x01"), std::string("a = \"\xFF\"")}) {
    const auto config = ParseConfigFile(text, "config.toml");
    ASSERT_THAT(config, HasCode(absl::StatusCode::kInvalidArgument)) << text;
    EXPECT_THAT(config.status().message(), HasSubstr("config.toml:")) << text;
    EXPECT_EQ(hub::Printable(config.status().message(), 1000), config.status().message()) << text;
    EXPECT_LT(config.status().message().size(), 400u) << text;
  }
}

TEST(ConfigFileTest, ARateAsANumberIsBoundedAsOneInWords) {
  EXPECT_OK(ParseConfigFile("[limits]\nrate = 1000000000000000", "c"));
  EXPECT_THAT(ParseConfigFile("[limits]\nrate = 9223372036854775807", "c"),
              HasCode(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace hfget
