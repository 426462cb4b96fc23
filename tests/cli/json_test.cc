#include "cli/json.h"

#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "tests/cli/pull_samples.h"

namespace hfget::cli {
namespace {

using nlohmann::json;

TEST(PullJsonTest, HoldsWhatAScriptNeeds) {
  const json pull = json::parse(PullJson(testing::DonePull()));
  EXPECT_EQ(pull["id"], "p1");
  EXPECT_EQ(pull["state"], "done");
  EXPECT_EQ(pull["path"], "/cache/models--org--model/snapshots/abcdef12");
  EXPECT_EQ(pull["commit"], testing::kCommit);
  EXPECT_EQ(pull["total_bytes"], 10 * testing::kMiB);
  EXPECT_EQ(pull["error"], nullptr);
  EXPECT_EQ(pull["finished"], "1970-01-01T00:16:42.000Z");
  EXPECT_EQ(pull["eta_seconds"], nullptr);
  EXPECT_FALSE(pull.contains("plan"));
  EXPECT_FALSE(pull.contains("detached"));
}

TEST(PullJsonTest, NamesTheErrorsCause) {
  const json pull =
      json::parse(PullJson(testing::FailedPull(v1::ERROR_CAUSE_NO_SOURCE, "none is left")));
  EXPECT_EQ(pull["error"]["cause"], "no_source");
  EXPECT_EQ(pull["error"]["message"], "none is left");
}

TEST(PullJsonTest, SurvivesBytesThatAreNoUtf8) {
  v1::Pull pull = testing::DonePull();
  pull.set_path("/a\xff\"b\n");
  EXPECT_EQ(json::parse(PullJson(pull))["path"], "/a\xef\xbf\xbd\"b\n");
}

TEST(ErrorJsonTest, LooksLikeAFailedPull) {
  const json error = json::parse(ErrorJson(v1::ERROR_CAUSE_INVALID, "bad"));
  EXPECT_EQ(error["state"], "failed");
  EXPECT_EQ(error["error"]["cause"], "invalid");
}

TEST(ListsJsonTest, AreArrays) {
  v1::ListPullsResponse pulls;
  v1::ListSourcesResponse sources;
  EXPECT_EQ(PullsJson(pulls), "[]");
  EXPECT_EQ(SourcesJson(sources.sources()), "[]");
  *pulls.add_pulls() = testing::FetchingPull();
  sources.add_sources()->set_name("tuna");
  EXPECT_EQ(json::parse(PullsJson(pulls))[0]["eta_seconds"], 40.0);
  EXPECT_EQ(json::parse(SourcesJson(sources.sources()))[0]["name"], "tuna");
}

}  // namespace
}  // namespace hfget::cli
