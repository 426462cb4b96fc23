#include "daemon/metrics_options.h"

#include "daemon/options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/daemon/temp_folder.h"
#include "tests/fakes/status_matchers.h"

namespace hfget {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class MetricsOptionsTest : public ::testing::Test {
 protected:
  MetricsOptionsTest() {
    env_.variables["HOME"] = home_.path();
    env_.working_folder = home_.path();
  }
  absl::StatusOr<rpc::MetricsConfig> Parse(const std::string& config, const std::vector<std::string>& args = {}) {
    home_.Write(".config/hfget/config.toml", config);
    const absl::StatusOr<Flags> flags = ParseFlags(args);
    if (!flags.ok()) return flags.status();
    const absl::StatusOr<Options> options = ResolveOptions(*flags, env_);
    if (!options.ok()) return options.status();
    return options->metrics;
  }

  TempFolder home_;
  Environment env_;
};

TEST_F(MetricsOptionsTest, ThereIsNoPortUnlessOneIsAskedFor) {
  EXPECT_EQ(Parse("")->host, "");
  EXPECT_EQ(Parse("[metrics]\n")->host, "");
}

TEST_F(MetricsOptionsTest, TheAddressComesFromTheFileOrTheFlagAndTheFlagGoesFirst) {
  const std::string file = "[metrics]\nlisten = \"127.0.0.1:9464\"\n";
  EXPECT_EQ(Parse(file)->host, "127.0.0.1");
  EXPECT_EQ(Parse(file)->port, 9464);
  EXPECT_TRUE(Parse(file)->loopback);
  EXPECT_EQ(Parse(file, {"--metrics", "[::1]:1"})->host, "::1");
  EXPECT_EQ(Parse("", {"--metrics", "localhost:2"})->port, 2);
}

TEST_F(MetricsOptionsTest, AnAddressThatOthersReachIsKnownAsOne) {
  for (const char* address : {"0.0.0.0:9464", "[::]:9464", "10.1.2.3:9464", "node7:9464"}) {
    EXPECT_FALSE(ResolveMetrics(address)->loopback) << address;
  }
  EXPECT_TRUE(ResolveMetrics("127.9.9.9:9464")->loopback);
}

// The host is never left to us: a port alone would be open to this machine or to all, as one guesses.
TEST_F(MetricsOptionsTest, WhatIsNoAddressIsSaidInOneLine) {
  for (const char* address : {"9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000", "::1:9464", "a/b:1"}) {
    EXPECT_THAT(ResolveMetrics(address), StatusIs(kInvalid, AllOf(HasSubstr("not an address for metrics"), HasSubstr("127.0.0.1:9464"))))
        << address;
  }
  EXPECT_THAT(Parse("", {"--metrics", "9464"}), StatusIs(kInvalid, HasSubstr("\"9464\" is not an address")));
}

TEST_F(MetricsOptionsTest, AnUnknownKeyIsATypo) {
  EXPECT_THAT(Parse("[metrics]\nlistn = \"127.0.0.1:1\"\n"), StatusIs(kInvalid, HasSubstr("listen")));
  EXPECT_THAT(Parse("[metrics]\nlisten = 9464\n"), StatusIs(kInvalid, HasSubstr("metrics.listen")));
  EXPECT_THAT(Parse("[metric]\n"), StatusIs(kInvalid, HasSubstr("metrics")));
}

}  // namespace
}  // namespace hfget
