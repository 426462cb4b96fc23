#include "daemon/core/token_policy.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

TEST(TokenPolicyTest, ATokenIsSentOnlyWhenEveryConditionHolds) {
  using Policy = TokenPolicy;
  using Proof = ProofVerdict;
  struct Case {
    const char* what;
    TokenQuestion question;
    bool sent;
  };
  constexpr bool kYes = true, kNo = false;
  // https, loopback, same realm, policy, proof
  const Case cases[] = {
      {"the official hub needs no proof", {kYes, kNo, kYes, Policy::kAlways, Proof::kUnknown}, true},
      {"a trusted source that is proven", {kYes, kNo, kYes, Policy::kIfProven, Proof::kForwards}, true},
      {"loopback needs no TLS", {kNo, kYes, kYes, Policy::kAlways, Proof::kUnknown}, true},
      {"proof is not trust", {kYes, kNo, kYes, Policy::kNever, Proof::kForwards}, false},
      {"trust is not proof", {kYes, kNo, kYes, Policy::kIfProven, Proof::kUnknown}, false},
      {"seen not to forward", {kYes, kNo, kYes, Policy::kIfProven, Proof::kNotSeenToForward}, false},
      {"never in the clear", {kNo, kNo, kYes, Policy::kAlways, Proof::kForwards}, false},
      {"never to another realm", {kYes, kYes, kNo, Policy::kAlways, Proof::kForwards}, false},
      {"what was not asked is refused", {}, false},
  };
  for (const Case& c : cases) EXPECT_EQ(MaySendToken(c.question), c.sent) << c.what;
}

std::vector<TokenQuestion> AllQuestions() {
  std::vector<TokenQuestion> all;
  for (int bits = 0; bits < 8; ++bits) {
    for (const auto policy : {TokenPolicy::kNever, TokenPolicy::kIfProven, TokenPolicy::kAlways}) {
      for (const auto proof :
           {ProofVerdict::kUnknown, ProofVerdict::kNotSeenToForward, ProofVerdict::kForwards}) {
        all.push_back({(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, policy, proof});
      }
    }
  }
  return all;
}

TEST(TokenPolicyTest, NoCombinationGetsRoundACondition) {
  int sent = 0;
  for (const TokenQuestion& q : AllQuestions()) {
    if (!MaySendToken(q)) continue;
    ++sent;
    EXPECT_TRUE(q.https || q.loopback);
    EXPECT_TRUE(q.same_realm);
    EXPECT_NE(q.policy, TokenPolicy::kNever);
    EXPECT_TRUE(q.policy == TokenPolicy::kAlways || q.proof == ProofVerdict::kForwards);
  }
  EXPECT_EQ(sent, 3 * (3 + 1));  // https, loopback or both; always with any proof, if-proven with one
}

TEST(TokenPolicyTest, AValueThatIsNoneOfThemIsNever) {
  const auto unknown = static_cast<TokenPolicy>(99);
  EXPECT_FALSE(MaySendToken({true, true, true, unknown, ProofVerdict::kForwards}));
  EXPECT_EQ(TokenPolicyName(unknown), "never");
}

TEST(TokenPolicyTest, NamesAreThoseOfTheConfiguration) {
  EXPECT_EQ(TokenPolicyName(TokenPolicy::kNever), "never");
  EXPECT_EQ(TokenPolicyName(TokenPolicy::kIfProven), "if-proven");
  EXPECT_EQ(TokenPolicyName(TokenPolicy::kAlways), "always");
}

}  // namespace
}  // namespace hfget::core
