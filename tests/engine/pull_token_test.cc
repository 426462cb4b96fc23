#include "daemon/engine/pull_token.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

using records::v1::TOKEN_ORIGIN_ENVIRONMENT;
using records::v1::TOKEN_ORIGIN_FORBIDDEN;
using records::v1::TOKEN_ORIGIN_REQUEST;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Remedy = PullToken::Remedy;

constexpr core::SourceIndex kOfficial = 0;
constexpr core::SourceIndex kMirror = 1;
constexpr bool kFound = true;
constexpr bool kGiven = false;

Secret Stale() { return Secret("hf_staletokenthatwasonce1234"); }

TEST(PullTokenTest, OneThatWasGivenAndIsRefusedFailsThePull) {
  PullToken token;
  token.Bring(Stale(), kGiven);
  EXPECT_EQ(token.OnRefused(kOfficial, "official", true, Stale()), Remedy::kFail);
  EXPECT_EQ(token.notice(), "");
}

TEST(PullTokenTest, OneThatWasGivenIsNotLostByTheWordOfAMirror) {
  PullToken token;
  token.Bring(Stale(), kGiven);
  EXPECT_EQ(token.OnRefused(kMirror, "pai", false, Stale()), Remedy::kOtherSource);
  EXPECT_EQ(token.For(kOfficial), Stale());
}

TEST(PullTokenTest, OneThatWasFoundAndIsRefusedIsDoneWithout) {
  PullToken token;
  token.Bring(Stale(), kFound);
  EXPECT_EQ(token.OnRefused(kOfficial, "official", true, Stale()), Remedy::kAskAgain);
  EXPECT_TRUE(token.refused());
  EXPECT_TRUE(token.For(kOfficial).empty());
  EXPECT_TRUE(token.For(kMirror).empty());
  EXPECT_FALSE(token.wants_own()) << "the daemon's own may be the same";
  EXPECT_THAT(token.notice(), AllOf(HasSubstr("official"), HasSubstr("hf_…1234"), HasSubstr("hfget auth login")));
  EXPECT_THAT(token.notice(), Not(HasSubstr("staletoken")));
}

TEST(PullTokenTest, AMirrorsRefusalHoldsForThatMirrorOnly) {
  PullToken token;
  token.Find(Stale());
  EXPECT_EQ(token.OnRefused(kMirror, "pai", false, Stale()), Remedy::kAskAgain);
  EXPECT_TRUE(token.For(kMirror).empty());
  EXPECT_EQ(token.For(kOfficial), Stale());
  EXPECT_FALSE(token.refused());
}

TEST(PullTokenTest, SeveralConnectionsThatFindOutAreOneRefusal) {
  PullToken token;
  token.Bring(Stale(), kFound);
  token.OnRefused(kOfficial, "official", true, Stale());
  EXPECT_EQ(token.OnRefused(kOfficial, "official", true, Stale()), Remedy::kAskAgain);
  token.Bring(Secret("hf_new"), kGiven);
  EXPECT_EQ(token.OnRefused(kOfficial, "official", true, Stale()), Remedy::kAskAgain);
  EXPECT_EQ(token.For(kOfficial), Secret("hf_new"));
}

TEST(PullTokenTest, OneThatWasFoundDoesNotTakeThePlaceOfOneThatIsThere) {
  PullToken token;
  token.Bring(Secret("hf_given"), kGiven);
  token.Bring(Secret("hf_found"), kFound);
  EXPECT_EQ(token.For(kOfficial), Secret("hf_given"));
  token.Bring(Secret("hf_other"), kGiven);
  EXPECT_EQ(token.For(kOfficial), Secret("hf_other"));
}

TEST(PullTokenTest, OneThatIsForbiddenIsNotLookedFor) {
  PullToken token;
  EXPECT_TRUE(token.wants_own());
  token.Forbid();
  EXPECT_FALSE(token.wants_own());
  token.Find(Stale());
  EXPECT_TRUE(token.For(kOfficial).empty());
  EXPECT_FALSE(PullToken(TOKEN_ORIGIN_FORBIDDEN).wants_own()) << "after a restart neither";
  EXPECT_FALSE(PullToken(TOKEN_ORIGIN_FORBIDDEN).gone());
}

TEST(PullTokenTest, OneOfTheEnvironmentIsFoundAnewAfterARestart) {
  PullToken token(TOKEN_ORIGIN_ENVIRONMENT);
  EXPECT_TRUE(token.gone());
  token.Find(Secret("hf_new"));
  EXPECT_FALSE(token.gone());
  EXPECT_EQ(token.For(kOfficial), Secret("hf_new"));
}

TEST(PullTokenTest, OneOfARequestIsGoneAfterARestartWhateverTheDaemonHas) {
  PullToken token(TOKEN_ORIGIN_REQUEST);
  token.Find(Secret("hf_own"));
  EXPECT_TRUE(token.gone());
  EXPECT_EQ(token.origin(), TOKEN_ORIGIN_REQUEST);
  EXPECT_EQ(token.For(kOfficial), Secret("hf_own")) << "it may do";
  token.Bring(Secret("hf_again"), kGiven);
  EXPECT_FALSE(token.gone());
}

TEST(PullTokenTest, WithoutOneNothingIsGone) { EXPECT_FALSE(PullToken().gone()); }

TEST(PullTokenTest, WhatIsLentToAGuestIsNotShown) {
  PullToken token;
  token.Find(Stale(), /*guest=*/true);
  EXPECT_TRUE(token.hidden());
  EXPECT_EQ(token.OnRefused(kOfficial, "official", true, Stale()), Remedy::kAskAgain);
  EXPECT_THAT(token.notice(), AllOf(HasSubstr("of the daemon"), Not(HasSubstr("1234"))));
  token.Bring(Secret("hf_ofmyownandnoteverseen"), kGiven);
  EXPECT_FALSE(token.hidden());
}

}  // namespace
}  // namespace hfget::engine
