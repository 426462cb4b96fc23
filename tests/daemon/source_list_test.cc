#include "daemon/source_list.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/daemon/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget {
namespace {

using engine::SourceConfig;
using ::hfget::testing::HasCode;
using ::hfget::testing::StatusIs;
using ::testing::ElementsAre;

Environment Env(std::map<std::string, std::string> variables) {
  Environment env;
  env.variables = std::move(variables);
  return env;
}

absl::StatusOr<std::vector<SourceConfig>> List(const std::string& toml,
                                               std::map<std::string, std::string> variables = {}) {
  const auto config = ParseConfigFile(toml, "c");
  EXPECT_OK(config);
  return ListSources(*config, Env(std::move(variables)));
}

// Names in order, those that are off with a "-".
std::vector<std::string> Names(const absl::StatusOr<std::vector<SourceConfig>>& sources) {
  std::vector<std::string> names;
  if (!sources.ok()) return {std::string(sources.status().message())};
  for (const SourceConfig& s : *sources) names.push_back((s.enabled ? "" : "-") + s.name);
  return names;
}

SourceConfig Get(const absl::StatusOr<std::vector<SourceConfig>>& sources,
                 const std::string& name) {
  EXPECT_OK(sources);
  for (const SourceConfig& s : *sources) {
    if (s.name == name) return s;
  }
  ADD_FAILURE() << "no source " << name;
  return {};
}

TEST(SourceListTest, TheBuiltInOnes) {
  const auto sources = List("");
  EXPECT_THAT(Names(sources), ElementsAre("official", "tuna", "hf-mirror", "modelscope", "-pai"));
  const SourceConfig official = Get(sources, "official");
  EXPECT_EQ(official.endpoint, "https://huggingface.co");
  EXPECT_TRUE(official.authority);
  EXPECT_EQ(official.token_policy, core::TokenPolicy::kAlways);
  EXPECT_EQ(Get(sources, "tuna").endpoint, "https://mirror.tuna.tsinghua.edu.cn/hugging-face");
  EXPECT_EQ(Get(sources, "hf-mirror").endpoint, "https://hf-mirror.com");
  EXPECT_EQ(Get(sources, "modelscope").endpoint, "https://modelscope.cn");
  EXPECT_EQ(Get(sources, "modelscope").dialect, "modelscope");
  EXPECT_EQ(Get(sources, "modelscope").token_policy, core::TokenPolicy::kAlways) << "of its own realm";
  EXPECT_EQ(Get(sources, "modelscope").max_connections, 8);
  for (const std::string name : {"tuna", "pai", "hf-mirror"}) {
    EXPECT_EQ(Get(sources, name).token_policy, core::TokenPolicy::kNever) << name;
    EXPECT_FALSE(Get(sources, name).authority) << name;
  }
}

TEST(SourceListTest, ASectionChangesABuiltInSource) {
  const SourceConfig tuna = Get(List("[source.tuna]\ntoken = \"if-proven\"\nmax_connections = 3\n"
                                     "rate = 9\nproxy = \"none\"\nauthority = true"),
                                "tuna");
  EXPECT_EQ(tuna.endpoint, "https://mirror.tuna.tsinghua.edu.cn/hugging-face");
  EXPECT_EQ(tuna.token_policy, core::TokenPolicy::kIfProven);
  EXPECT_EQ(tuna.max_connections, 3);
  EXPECT_EQ(tuna.max_bytes_per_sec, 9);
  EXPECT_EQ(tuna.proxy, "none");
  EXPECT_TRUE(tuna.authority);
}

TEST(SourceListTest, ASectionAddsASourceThatGetsNoToken) {
  const auto sources = List("[source.office]\nendpoint = \"https://Hub.Example.org/hf/\"");
  EXPECT_THAT(Names(sources),
              ElementsAre("official", "tuna", "hf-mirror", "modelscope", "office", "-pai"));
  EXPECT_EQ(Get(sources, "office").endpoint, "https://hub.example.org/hf");
  EXPECT_EQ(Get(sources, "office").token_policy, core::TokenPolicy::kNever);
  EXPECT_FALSE(Get(sources, "office").authority);
}

TEST(SourceListTest, TheListChoosesAndOrders) {
  EXPECT_THAT(Names(List("sources = [\"hf-mirror\", \"official\"]")),
              ElementsAre("hf-mirror", "official", "-tuna", "-pai", "-modelscope"));
  EXPECT_THAT(Names(List("sources = [\"tuna\", \"tuna\"]")),
              ElementsAre("tuna", "-official", "-pai", "-hf-mirror", "-modelscope"));
}

TEST(SourceListTest, ASourceThatIsSwitchedOffStaysOff) {
  EXPECT_THAT(Names(List("sources = [\"tuna\", \"official\"]\n[source.tuna]\nenabled = false")),
              ElementsAre("official", "-tuna", "-pai", "-hf-mirror", "-modelscope"));
}

TEST(SourceListTest, ModelScopesEndpointComesFromTheEnvironmentToo) {
  const auto other = List("", {{"MODELSCOPE_ENDPOINT", "https://scope.example.org/"}});
  EXPECT_EQ(Get(other, "modelscope").endpoint, "https://scope.example.org");
  EXPECT_NE(Get(other, "modelscope").token_policy, core::TokenPolicy::kAlways) << "not the one that issues them";
  const auto ai = List("", {{"MODELSCOPE_ENDPOINT", "https://www.modelscope.ai"}});
  EXPECT_EQ(Get(ai, "modelscope").token_policy, core::TokenPolicy::kAlways);
  EXPECT_THAT(List("[source.modelscope]\nendpoint = \"https://huggingface.co\"\ntoken = \"always\"\n"),
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(SourceListTest, TheEnvironmentsListGoesBeforeTheFiles) {
  EXPECT_THAT(Names(List("sources = [\"tuna\"]", {{"HFGET_SOURCES", " official , hf-mirror,"}})),
              ElementsAre("official", "hf-mirror", "-tuna", "-pai", "-modelscope"));
}

TEST(SourceListTest, HfEndpointAddsASourceInFront) {
  const auto sources = List("", {{"HF_ENDPOINT", "https://hub.example.org/"}});
  EXPECT_THAT(Names(sources),
              ElementsAre("env", "official", "tuna", "hf-mirror", "modelscope", "-pai"));
  EXPECT_EQ(Get(sources, "env").endpoint, "https://hub.example.org");
  EXPECT_EQ(Get(sources, "env").token_policy, core::TokenPolicy::kIfProven);
  EXPECT_FALSE(Get(sources, "env").authority);
}

TEST(SourceListTest, HfEndpointOfAKnownSourcePutsThatOneFirst) {
  EXPECT_THAT(Names(List("", {{"HF_ENDPOINT", "https://hf-mirror.com/"}})),
              ElementsAre("hf-mirror", "official", "tuna", "modelscope", "-pai"));
  EXPECT_THAT(Names(List("", {{"HF_ENDPOINT", "https://huggingface.co"}})),
              ElementsAre("official", "tuna", "hf-mirror", "modelscope", "-pai"));
}

TEST(SourceListTest, HfEndpointIsAnAuthorityWhereNobodyElseIs) {
  EXPECT_TRUE(Get(List("", {{"HF_ENDPOINT", "http://127.0.0.1:8000"}}), "env").authority);
  EXPECT_TRUE(
      Get(List("[source.official]\nenabled = false", {{"HF_ENDPOINT", "https://x.org"}}), "env")
          .authority);
  EXPECT_TRUE(
      Get(List("", {{"HF_ENDPOINT", "https://x.org"}, {"HFGET_SOURCES", "env,tuna"}}), "env")
          .authority);
  EXPECT_FALSE(Get(List("", {{"HF_ENDPOINT", "https://x.org"}}), "env").authority);
}

TEST(SourceListTest, HfEndpointStaysFirstUnlessTheEnvironmentsListLeavesItOut) {
  const std::map<std::string, std::string> endpoint = {{"HF_ENDPOINT", "https://x.org"}};
  EXPECT_THAT(Names(List("sources = [\"tuna\"]", endpoint)),
              ElementsAre("env", "tuna", "-official", "-pai", "-hf-mirror", "-modelscope"));
  EXPECT_THAT(Names(List("", {{"HF_ENDPOINT", "https://x.org"}, {"HFGET_SOURCES", "tuna"}})),
              ElementsAre("tuna", "-env", "-official", "-pai", "-hf-mirror", "-modelscope"));
  EXPECT_THAT(Names(List("", {{"HF_ENDPOINT", "https://hf-mirror.com"}, {"HFGET_SOURCES", "env"}})),
              ElementsAre("hf-mirror", "-official", "-tuna", "-pai", "-modelscope"));
}

TEST(SourceListTest, PaiIsOnWhenItHasAnEndpoint) {
  const struct {
    std::string given, endpoint;
  } kCases[] = {{"pai.example.cn", "https://pai.example.cn/pai-hub"},
                {"http://127.0.0.1:81", "http://127.0.0.1:81/pai-hub"},
                {"https://pai.example.cn/", "https://pai.example.cn/pai-hub"},
                {"https://pai.example.cn/other/", "https://pai.example.cn/other"}};
  for (const auto& c : kCases) {
    const SourceConfig by_environment = Get(List("", {{"HFGET_PAI_ENDPOINT", c.given}}), "pai");
    EXPECT_EQ(by_environment.endpoint, c.endpoint);
    EXPECT_TRUE(by_environment.enabled);
    const SourceConfig by_file = Get(List("[source.pai]\nendpoint = \"" + c.given + "\""), "pai");
    EXPECT_EQ(by_file.endpoint, c.endpoint);
    EXPECT_TRUE(by_file.enabled);
  }
  EXPECT_FALSE(Get(List("[source.pai]\nenabled = true"), "pai").enabled);
  EXPECT_FALSE(
      Get(List("[source.pai]\nenabled = false", {{"HFGET_PAI_ENDPOINT", "p.cn"}}), "pai").enabled);
}

TEST(SourceListTest, ABuiltInTokenPolicyGivesWayWhenItsEndpointIsAnother) {
  const std::string changed = "[source.official]\nendpoint = ";
  EXPECT_EQ(Get(List(changed + "\"https://hub.corp\""), "official").token_policy,
            core::TokenPolicy::kIfProven);
  EXPECT_EQ(Get(List(changed + "\"http://127.0.0.1:8000\""), "official").token_policy,
            core::TokenPolicy::kAlways);
}

TEST(SourceListTest, TheTokenWithoutProofIsForHuggingFaceAndThisMachine) {
  const std::string always = "\"\ntoken = \"always\"";
  for (const std::string good : {"https://huggingface.co", "https://eu.huggingface.co",
                                 "https://hf.co", "http://localhost:81", "http://[::1]:8"}) {
    EXPECT_OK(List("[source.x]\nendpoint = \"" + good + always)) << good;
  }
  for (const std::string bad : {"https://hf-mirror.com", "https://nothuggingface.co",
                                "https://huggingface.co.evil.org", "https://127.0.0.1.evil.org"}) {
    EXPECT_THAT(List("[source.x]\nendpoint = \"" + bad + always),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         "token = \"always\" of the source at c:1:9 is for huggingface.co alone: "
                         "write \"if-proven\" for a mirror that you trust"))
        << bad;
  }
}

TEST(SourceListTest, TheCaBundleIsExpandedAndMustBeThere) {
  TempFolder folder;
  const std::string file = folder.Write("ca.pem", "x");
  EXPECT_EQ(Get(List("[source.tuna]\nca_bundle = \"$D/ca.pem\"", {{"D", folder.path()}}), "tuna")
                .ca_bundle,
            file);
}

TEST(SourceListTest, AMistakeIsToldWithItsPlace) {
  const struct {
    std::string toml;
    std::map<std::string, std::string> variables;
    std::string message;
  } kCases[] = {
      {"sources = [\"tunna\"]", {}, "unknown source \"tunna\" at c:1:12, did you mean \"tuna\"?"},
      {"sources = [\"corp\"]",
       {},
       "unknown source \"corp\" at c:1:12: add [source.corp] with its endpoint to the "
       "configuration"},
      {"",
       {{"HFGET_SOURCES", "offical"}},
       "unknown source \"offical\" at $HFGET_SOURCES, did you mean \"official\"?"},
      {"sources = [\"pai\"]",
       {},
       "the source \"pai\" at c:1:12 has no endpoint: set $HFGET_PAI_ENDPOINT"},
      {"[source.office]\nrate = 3", {}, "the source \"office\" at c:1:9 has no endpoint"},
      {"[source.office]\nendpoint = \"hub.example.org\"",
       {},
       "the endpoint \"hub.example.org\" at c:1:9 is not an http or https address such as "
       "https://hf-mirror.com"},
      {"[source.office]\nendpoint = \"https://x.org/?a=b\"",
       {},
       "the endpoint \"https://x.org/?a=b\" at c:1:9 is not an http or https address such as "
       "https://hf-mirror.com"},
      {"",
       {{"HF_ENDPOINT", "ftp://x"}},
       "the endpoint \"ftp://x\" at $HF_ENDPOINT is not an http or https address such as "
       "https://hf-mirror.com"},
      {"[source.tuna]\nproxy = \"corp:3128\"",
       {},
       "the proxy of the source at c:1:9 must be \"env\", \"none\" or a URL: http, https, socks5, "
       "socks5h"},
      {"[source.tuna]\nca_bundle = \"/no/such.pem\"",
       {},
       "the ca_bundle \"/no/such.pem\" of the source at c:1:9 is not a file"},
      {"sources = []",
       {},
       "every source is switched off: leave one in $HFGET_SOURCES or the configuration"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(List(c.toml, c.variables), StatusIs(absl::StatusCode::kInvalidArgument, c.message));
  }
}

}  // namespace
}  // namespace hfget
