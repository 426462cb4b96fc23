#include "daemon/core/failure.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

struct Row {
  Failure failure;
  Remedy remedy;
  const char* counts;  // "": not; "remote", "local": towards ejection; "local only": back-off, no step
};

constexpr Row kRows[] = {
    {Failure::kNone, Remedy::kRetryHere, ""},
    {Failure::kConnect, Remedy::kRetryHere, "local"},
    {Failure::kTls, Remedy::kDisableSource, ""},
    {Failure::kReset, Remedy::kRetryHere, "remote"},
    {Failure::kStall, Remedy::kRetryHere, "remote"},
    {Failure::kServerError, Remedy::kRetryHere, "remote"},
    {Failure::kRateLimited, Remedy::kPauseSource, ""},
    {Failure::kLinkExpired, Remedy::kRetryHere, ""},
    {Failure::kNotHere, Remedy::kOtherSource, ""},
    {Failure::kFiltered, Remedy::kNeverHere, ""},
    {Failure::kCredential, Remedy::kNeverHere, ""},
    {Failure::kGated, Remedy::kNeverHere, ""},
    {Failure::kWrongAnswer, Remedy::kOtherSource, "remote"},
    {Failure::kWrongRegion, Remedy::kDisableSource, ""},
    {Failure::kCorrupt, Remedy::kNeverHere, ""},
    {Failure::kLocal, Remedy::kRetryHere, "local only"},
};

std::string Counts(const Consequence& c) {
  if (c.counts_against_health) return c.local_origin ? "local" : "remote";
  return c.local_origin ? "local only" : "";
}

TEST(FailureTest, EveryCauseHasOneConsequence) {
  for (const Row& row : kRows) {
    const Consequence consequence = ConsequenceOf(row.failure);
    EXPECT_EQ(consequence.remedy, row.remedy) << FailureName(row.failure);
    EXPECT_EQ(Counts(consequence), row.counts) << FailureName(row.failure);
  }
}

TEST(FailureTest, EveryCauseHasANameOfItsOwn) {
  std::set<absl::string_view> names;
  for (const Row& row : kRows) names.insert(FailureName(row.failure));
  EXPECT_EQ(names.size(), std::size(kRows));
  EXPECT_EQ(std::size(kRows), static_cast<size_t>(Failure::kLocal) + 1) << "a cause is not in the table";
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_EQ(FailureName(static_cast<Failure>(99)), "unknown");
}

// Dashboards and alerts hold them.
TEST(FailureTest, EachFailureHasAWordOfItsOwnForPrograms) {
  std::set<std::string> words;
  for (size_t i = 0; i < kFailures; ++i) {
    const std::string word(FailureWord(static_cast<Failure>(i)));
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << word;
    words.insert(word);
  }
  EXPECT_EQ(words.size(), kFailures);
  EXPECT_EQ(words.count("unknown"), 0u);
  EXPECT_EQ(FailureWord(Failure::kRateLimited), "rate_limited");
}

}  // namespace
}  // namespace hfget::core
