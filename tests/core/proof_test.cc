#include "daemon/core/proof.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(ProofTest, LastsAnHour) {
  Proof proof;
  EXPECT_EQ(proof.Get(kNow), ProofVerdict::kUnknown);
  proof.Set(ProofVerdict::kForwards, "evidence", kNow);
  EXPECT_EQ(proof.Get(kNow + absl::Minutes(59)), ProofVerdict::kForwards);
  EXPECT_EQ(proof.Get(kNow + absl::Minutes(60)), ProofVerdict::kUnknown);
}

TEST(ProofTest, SaysNothingWhenTheClockWasSetBack) {
  Proof proof;
  proof.Set(ProofVerdict::kForwards, "evidence", kNow);
  EXPECT_EQ(proof.Get(kNow - absl::Seconds(1)), ProofVerdict::kUnknown);
  Proof loaded;
  loaded.Load(ProofVerdict::kForwards, "evidence", kNow + absl::Hours(5), true, kNow);
  EXPECT_EQ(loaded.Get(kNow + absl::Hours(5)), ProofVerdict::kUnknown);
}

TEST(ProofTest, IsCompleteOnlyWhenARealRequestWentWell) {
  Proof proof;
  proof.Complete();
  EXPECT_FALSE(proof.completed(kNow));
  proof.Set(ProofVerdict::kForwards, "evidence", kNow);
  EXPECT_FALSE(proof.completed(kNow));
  proof.Complete();
  EXPECT_TRUE(proof.completed(kNow));
  EXPECT_FALSE(proof.completed(kNow + absl::Hours(1)));
  proof.Set(ProofVerdict::kForwards, "again", kNow + absl::Hours(1));
  EXPECT_FALSE(proof.completed(kNow + absl::Hours(1)));
}

TEST(ProofTest, EndsWhenRevoked) {
  Proof proof;
  proof.Set(ProofVerdict::kForwards, "evidence", kNow);
  proof.Complete();
  proof.Revoke("401", kNow + absl::Minutes(1));
  EXPECT_EQ(proof.Get(kNow + absl::Minutes(1)), ProofVerdict::kUnknown);
  EXPECT_FALSE(proof.completed(kNow + absl::Minutes(1)));
  EXPECT_EQ(proof.why(), "401");
}

TEST(ProofTest, IsAskedForAgainWhenItEndsOrSaidNothing) {
  Proof proof;
  EXPECT_TRUE(proof.Due(kNow));
  proof.Set(ProofVerdict::kUnknown, "no answer", kNow);
  EXPECT_FALSE(proof.Due(kNow + absl::Seconds(59)));
  EXPECT_TRUE(proof.Due(kNow + absl::Seconds(60)));
  proof.Set(ProofVerdict::kNotSeenToForward, "200", kNow);
  EXPECT_FALSE(proof.Due(kNow + absl::Minutes(59)));
  EXPECT_TRUE(proof.Due(kNow + absl::Minutes(60)));
}

}  // namespace
}  // namespace hfget::core
