#include "cli/pull_text.h"

#include "gmock/gmock.h"
#include "tests/cli/pull_samples.h"

namespace hfget::cli {
namespace {

using testing::DonePull;
using testing::FetchingPull;
using ::testing::HasSubstr;
using testing::kMiB;

TEST(PullNameTest, NamesTheCommitAsSoonAsItIsKnown) {
  v1::Pull pull = testing::NewPull(v1::PULL_STATE_LISTING);
  EXPECT_EQ(PullName(pull), "org/model@abcdef12");
  pull.clear_commit();
  EXPECT_EQ(PullName(pull), "org/model@main");
  pull.set_type(v1::REPO_TYPE_DATASET);
  EXPECT_EQ(PullName(pull), "datasets/org/model@main");
}

TEST(NamesTest, AreThoseOfTheApiInLowerCase) {
  EXPECT_EQ(StateName(v1::PULL_STATE_NEEDS_TOKEN), "needs_token");
  EXPECT_EQ(CauseName(v1::ERROR_CAUSE_NOT_FOUND), "not_found");
  EXPECT_EQ(RepoTypeName(v1::REPO_TYPE_UNSPECIFIED), "model");
  EXPECT_EQ(StateName(static_cast<v1::PullState>(77)), "unknown");
}

TEST(SourcesTextTest, PutsThoseThatGaveMostFirstAndSaysWhyOneGivesNothing) {
  EXPECT_EQ(SourcesText(FetchingPull(), true),
            "tuna 66 % 62.0 MiB/s ×6 · official 33 % 40.0 MiB/s ×4 · pai: ejected: timeouts");
  EXPECT_EQ(SourcesText(FetchingPull(), false),
            "tuna 66 % 62.0 MiB/s x6 | official 33 % 40.0 MiB/s x4 | pai: ejected: timeouts");
}

TEST(ProgressTextTest, IsOneLineForALog) {
  EXPECT_EQ(ProgressText(FetchingPull(), false, absl::FromUnixSeconds(1010)),
            "org/model@abcdef12: 42 % (3.0 GiB of 7.0 GiB), 3/12 files, 102 MiB/s, ETA 40 s | "
            "tuna 66 % 62.0 MiB/s x6 | official 33 % 40.0 MiB/s x4 | pai: ejected: timeouts");
  EXPECT_EQ(
      ProgressText(testing::NewPull(v1::PULL_STATE_LISTING), true, absl::FromUnixSeconds(1010)),
      "org/model@abcdef12: listing since 10 s");
}

TEST(ProgressTextTest, SaysThatMoreMayBeListed) {
  v1::Pull pull = FetchingPull();
  pull.set_listing(true);
  pull.clear_eta();
  EXPECT_THAT(ProgressText(pull, false, absl::FromUnixSeconds(1010)),
              HasSubstr("abcdef12: listing, 3.0 GiB of 7.0 GiB and 3/12 files so far, 102 MiB/s | tuna"));
}

TEST(SummaryTextTest, SaysHowMuchHowFastAndFromWhom) {
  EXPECT_EQ(SummaryText(DonePull(), true),
            "✓ org/model@abcdef12: 12 files, 10.0 MiB in 2.0 s (5.0 MiB/s) from official 60 %, "
            "tuna 40 %");
}

TEST(SummaryTextTest, SaysWhatWasReusedAndWasted) {
  v1::Pull pull = DonePull();
  pull.set_reused_bytes(3 * kMiB);
  pull.set_wasted_bytes(512);
  EXPECT_THAT(SummaryText(pull, true), HasSubstr("; 3.0 MiB were already there; 512 B wasted"));
  pull.set_fetched_bytes(0);
  EXPECT_EQ(SummaryText(pull, false),
            "done: org/model@abcdef12: 12 files, 10.0 MiB, all already there");
}

TEST(FailureTextTest, AlwaysSaysSomething) {
  EXPECT_EQ(FailureText(testing::FailedPull(v1::ERROR_CAUSE_DISK, "disk full")), "disk full");
  EXPECT_THAT(FailureText(testing::FailedPull(v1::ERROR_CAUSE_CORRUPT, "")), HasSubstr("corrupt"));
  EXPECT_THAT(FailureText(testing::NewPull(v1::PULL_STATE_NEEDS_TOKEN)), HasSubstr("HF_TOKEN"));
  EXPECT_THAT(FailureText(testing::NewPull(v1::PULL_STATE_CANCELLED)), HasSubstr("cancelled"));
  EXPECT_THAT(FailureText(testing::PausedPull()), HasSubstr("the disk is too full; paused, the daemon goes on"));
}

}  // namespace
}  // namespace hfget::cli
