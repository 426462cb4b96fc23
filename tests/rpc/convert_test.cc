#include "daemon/rpc/convert.h"

#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::rpc {
namespace {

TEST(ConvertTest, StatusGoesThereAndBack) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
    EXPECT_EQ(ToGrpc(status).error_code(), code);
  }
  EXPECT_OK(FromGrpc(ToGrpc(absl::OkStatus())));
}

TEST(ConvertTest, KeepsEveryFigureOfAPull) {
  engine::PullSnapshot pull;
  pull.id = "p1";
  pull.repo = {hub::RepoType::kDataset, "org/data"};
  pull.revision = "v1";
  pull.commit = "c";
  pull.state = core::PullState::kFailed;
  pull.error = {core::ErrorCause::kDisk, "the disk is full", "tuna", absl::Milliseconds(2500)};
  pull.path = "/x";
  pull.total = 10, pull.done = 9, pull.reused = 8, pull.fetched = 7, pull.wasted = 6;
  pull.total_files = 5, pull.done_files = 4, pull.repo_files = 3, pull.listing = true;
  pull.rate_per_sec = 2;
  pull.eta = absl::Seconds(90);
  pull.files = {{"a", 3, 2, 1, engine::FileSnapshot::State::kVerifying}};
  pull.shares = {{"tuna", 5, 4, 3, "slow"}};
  pull.plan = {{"b", 12, true}};
  pull.listing_source = "official";
  pull.notices = {"n"};
  pull.created = absl::FromUnixMillis(1500);
  const v1::Pull out = ToProto(pull);

  EXPECT_EQ(out.id(), "p1");
  EXPECT_EQ(out.repo(), "org/data");
  EXPECT_EQ(out.type(), v1::REPO_TYPE_DATASET);
  EXPECT_EQ(out.revision(), "v1");
  EXPECT_EQ(out.commit(), "c");
  EXPECT_EQ(out.state(), v1::PULL_STATE_FAILED);
  EXPECT_EQ(out.error().cause(), v1::ERROR_CAUSE_DISK);
  EXPECT_EQ(out.error().message(), "the disk is full");
  EXPECT_EQ(out.error().source(), "tuna");
  EXPECT_EQ(out.error().retry_after().seconds(), 2);
  EXPECT_EQ(out.error().retry_after().nanos(), 500000000);
  EXPECT_EQ(out.path(), "/x");
  EXPECT_EQ(out.total_bytes(), 10);
  EXPECT_EQ(out.done_bytes(), 9);
  EXPECT_EQ(out.reused_bytes(), 8);
  EXPECT_EQ(out.fetched_bytes(), 7);
  EXPECT_EQ(out.wasted_bytes(), 6);
  EXPECT_EQ(out.total_files(), 5);
  EXPECT_EQ(out.done_files(), 4);
  EXPECT_EQ(out.repo_files(), 3);
  EXPECT_TRUE(out.listing());
  EXPECT_EQ(out.rate_bytes_per_sec(), 2);
  EXPECT_EQ(out.eta().seconds(), 90);
  ASSERT_EQ(out.files_size(), 1);
  EXPECT_EQ(out.files(0).path(), "a");
  EXPECT_EQ(out.files(0).size_bytes(), 3);
  EXPECT_EQ(out.files(0).done_bytes(), 2);
  EXPECT_EQ(out.files(0).rate_bytes_per_sec(), 1);
  EXPECT_EQ(out.files(0).state(), v1::FileProgress::STATE_VERIFYING);
  ASSERT_EQ(out.sources_size(), 1);
  EXPECT_EQ(out.sources(0).name(), "tuna");
  EXPECT_EQ(out.sources(0).bytes(), 5);
  EXPECT_EQ(out.sources(0).rate_bytes_per_sec(), 4);
  EXPECT_EQ(out.sources(0).connections(), 3);
  EXPECT_EQ(out.sources(0).note(), "slow");
  ASSERT_EQ(out.plan_size(), 1);
  EXPECT_EQ(out.plan(0).path(), "b");
  EXPECT_EQ(out.plan(0).size_bytes(), 12);
  EXPECT_TRUE(out.plan(0).present());
  EXPECT_EQ(out.listing_source(), "official");
  EXPECT_EQ(out.notices(0), "n");
  EXPECT_EQ(out.created().seconds(), 1);
  EXPECT_EQ(out.created().nanos(), 500000000);
}

TEST(ConvertTest, LeavesOutWhatIsNotKnown) {
  engine::PullSnapshot pull;
  pull.created = absl::InfinitePast();
  const v1::Pull out = ToProto(pull);
  EXPECT_FALSE(out.has_error());
  EXPECT_FALSE(out.has_eta());
  EXPECT_FALSE(out.has_created());
  EXPECT_FALSE(out.has_finished());
}

TEST(ConvertTest, KeepsEveryFieldOfASource) {
  engine::SourceSnapshot source;
  source.name = "tuna";
  source.endpoint = "https://t";
  source.dialect = "huggingface";
  source.state = "ok";
  source.reason = "why";
  source.token_policy = "never";
  source.proxy = "none";
  source.enabled = true;
  source.rate_per_sec = 5;
  source.bytes = 6;
  source.latency = absl::Milliseconds(20);
  source.latency_p95 = absl::Milliseconds(30);
  source.success = 0.5;
  source.score = 2.5;
  source.connections = 7;
  source.stalls = 8;
  source.rate_limited = 9;
  source.convictions = 10;
  source.proof = core::ProofVerdict::kForwards;
  source.proof_why = "evidence";
  source.proven = absl::FromUnixSeconds(11);
  source.data_hosts.push_back({"cdn.test", "ejected", 12, 13, absl::Milliseconds(40), 0.25});
  const v1::Source out = ToProto(source);
  EXPECT_EQ(out.name(), "tuna");
  EXPECT_EQ(out.endpoint(), "https://t");
  EXPECT_EQ(out.dialect(), "huggingface");
  EXPECT_EQ(out.state(), "ok");
  EXPECT_EQ(out.reason(), "why");
  EXPECT_EQ(out.token_policy(), "never");
  EXPECT_EQ(out.rate_bytes_per_sec(), 5);
  EXPECT_EQ(out.bytes(), 6);
  EXPECT_EQ(out.latency().nanos(), 20000000);
  EXPECT_EQ(out.success(), 0.5);
  EXPECT_EQ(out.connections(), 7);
  EXPECT_EQ(out.proxy(), "none");
  EXPECT_TRUE(out.enabled());
  EXPECT_EQ(out.latency_p95().nanos(), 30000000);
  EXPECT_EQ(out.score(), 2.5);
  EXPECT_EQ(out.stalls(), 8);
  EXPECT_EQ(out.rate_limited(), 9);
  EXPECT_EQ(out.convictions(), 10);
  EXPECT_EQ(out.token_verdict(), v1::TOKEN_VERDICT_FORWARDS);
  EXPECT_EQ(out.token_why(), "evidence");
  EXPECT_EQ(out.proven().seconds(), 11);
  EXPECT_FALSE(out.has_probed());
  ASSERT_EQ(out.data_hosts_size(), 1);
  EXPECT_EQ(out.data_hosts(0).host(), "cdn.test");
  EXPECT_EQ(out.data_hosts(0).state(), "ejected");
  EXPECT_EQ(out.data_hosts(0).rate_bytes_per_sec(), 12);
  EXPECT_EQ(out.data_hosts(0).bytes(), 13);
}

TEST(ConvertTest, ReplacesMalformedUtf8ByteByByte) {
  const struct {
    std::string in, out;
  } kCases[] = {
      {"", ""},
      {"plain", "plain"},
      {"é€😀", "é€😀"},
      {"a\xFFz", "a\uFFFDz"},
      {"\xC3", "\uFFFD"},                                // cut
      {"\xC0\xAF", "\uFFFD\uFFFD"},                      // overlong "/"
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},            // a surrogate
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // beyond Unicode
      {"\xE0\x80\x80", "\uFFFD\uFFFD\uFFFD"},            // overlong
  };
  for (const auto& c : kCases) EXPECT_EQ(ValidUtf8(c.in), c.out);
}

TEST(ConvertTest, AMessageWithOddBytesCanBeRead) {
  engine::PullSnapshot pull;
  pull.path = "/caf\xE9";
  v1::Pull read;
  EXPECT_TRUE(read.ParseFromString(ToProto(pull).SerializeAsString()));
}

}  // namespace
}  // namespace hfget::rpc
