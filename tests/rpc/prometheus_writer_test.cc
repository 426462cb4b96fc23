#include "daemon/rpc/prometheus_writer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::rpc {
namespace {

using ::testing::HasSubstr;

TEST(PrometheusWriterTest, AFamilyHasHelpTypeAndSamples) {
  PrometheusWriter out;
  out.Counter("a_total", "What a is.");
  out.Sample({{"source", "tuna"}, {"cause", "reset"}}, int64_t{3});
  out.Sample({}, int64_t{9007199254740993});
  out.Gauge("b", "What b is.", 0.25);
  EXPECT_EQ(out.Take(),
            "# HELP a_total What a is.\n# TYPE a_total counter\na_total{source=\"tuna\",cause=\"reset\"} 3\na_total 9007199254740993\n"
            "# HELP b What b is.\n# TYPE b gauge\nb 0.25\n");
}

TEST(PrometheusWriterTest, NothingBreaksOutOfALabelOrAHelp) {
  PrometheusWriter out;
  out.Gauge("a", "one\ntwo \\ \"three\"");
  out.Sample({{"source", "x\"} 1\nevil{y=\"\\"}}, int64_t{0});
  EXPECT_EQ(out.Take(),
            "# HELP a one\\ntwo \\\\ \"three\"\n# TYPE a gauge\na{source=\"x\\\"} 1\\nevil{y=\\\"\\\\\"} 0\n");
}

TEST(PrometheusWriterTest, BucketsOfAHistogramAddUpToItsCount) {
  core::Histogram times;
  for (const double seconds : {0.002, 0.05, 999.0}) times.Observe(absl::Seconds(seconds));
  PrometheusWriter out;
  out.Histogram("t_seconds", "Time.", times);
  const std::string text = out.Take();
  EXPECT_THAT(text, HasSubstr("# TYPE t_seconds histogram\nt_seconds_bucket{le=\"0.001\"} 0\nt_seconds_bucket{le=\"0.0025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{le=\"0.1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("t_seconds_bucket{le=\"300\"} 2\nt_seconds_bucket{le=\"+Inf\"} 3\nt_seconds_sum 999.052\nt_seconds_count 3\n"));
}

}  // namespace
}  // namespace hfget::rpc
