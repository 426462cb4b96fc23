#include "daemon/rpc/client_ledger.h"

#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::rpc {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Kind = ClientLedger::Kind;
constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;

const core::Caller kAnn{"user 1000"}, kBob{"user 1001"};
absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

ClientLimits Limits() {
  ClientLimits limits;
  limits.calls_per_sec = 10;
  limits.watches = 2;
  return limits;
}

TEST(ClientLedgerTest, AfterAQuietTimeTwoSecondsWorthOfCallsMayComeAtOnce) {
  ClientLedger ledger(Limits());
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += ledger.Count(kAnn, At(0)).ok();
  EXPECT_EQ(passed, 21);  // and one that leaves a debt
  EXPECT_THAT(ledger.Count(kAnn, At(0)), StatusIs(kExhausted, AllOf(HasSubstr("10 calls a second"), HasSubstr("wait"))));
  EXPECT_OK(ledger.Count(kBob, At(0)));
  EXPECT_OK(ledger.Count(kAnn, At(0.15)));
}

TEST(ClientLedgerTest, OverTimeTheRateHolds) {
  ClientLedger ledger(Limits());
  int passed = 0;
  for (int ms = 0; ms < 100'000; ms += 5) passed += ledger.Count(kAnn, At(ms / 1000.0)).ok();
  EXPECT_NEAR(passed, 1000, 25);
}

TEST(ClientLedgerTest, APlaceIsFreeAgainWhenItsTicketIsGone) {
  ClientLedger ledger(Limits());
  auto first = ledger.Take(kAnn, Kind::kWatch, At(0));
  auto second = ledger.Take(kAnn, Kind::kWatch, At(0));
  ASSERT_OK(second);
  EXPECT_THAT(ledger.Take(kAnn, Kind::kWatch, At(0)), StatusIs(kExhausted, HasSubstr("2 watches")));
  EXPECT_OK(ledger.Take(kBob, Kind::kWatch, At(0)));
  EXPECT_OK(ledger.Take(kAnn, Kind::kSlowCall, At(0)));
  ClientLedger::Ticket moved = *std::move(first);
  EXPECT_THAT(ledger.Take(kAnn, Kind::kWatch, At(0)), StatusIs(kExhausted, HasSubstr("2 watches")));
  moved = ClientLedger::Ticket();
  EXPECT_OK(ledger.Take(kAnn, Kind::kWatch, At(0)));
}

TEST(ClientLedgerTest, ATicketMayOutliveTheLedger) {
  std::optional<ClientLedger> ledger(Limits());
  auto ticket = ledger->Take(kAnn, Kind::kWatch, At(0));
  ledger.reset();
  EXPECT_OK(ticket);
}

TEST(ClientLedgerTest, ClientsWithoutNumberAreForgottenButNotTheirTickets) {
  ClientLedger ledger(Limits());
  std::vector<ClientLedger::Ticket> held;
  held.push_back(*ledger.Take(kAnn, Kind::kWatch, At(0)));
  held.push_back(*ledger.Take(kAnn, Kind::kWatch, At(0)));
  for (int i = 0; i < 20'000; ++i) EXPECT_OK(ledger.Count(core::Caller{std::to_string(i)}, At(i)));
  EXPECT_THAT(ledger.Take(kAnn, Kind::kWatch, At(30'000)), StatusIs(kExhausted, HasSubstr("2 watches")));
}

}  // namespace
}  // namespace hfget::rpc
