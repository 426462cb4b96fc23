#include "daemon/engine/pull_table.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/engine_fixture.h"

namespace hfget::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PullTableTest : public testing::EngineFixture, public PullHost {
 protected:
  PullTableTest() {
    AddSource("official");
    Build();
    racer_ = std::make_unique<Racer>(*context);
  }
  ~PullTableTest() override { racer_.reset(); }

  void OnChanged(Pull& pull) override { table_.Refresh(pull); }
  void ProveSources(absl::AnyInvocable<void()> done) override { done(); }

  static PullSpec Spec(const std::string& repo, const std::string& owner = "", const std::string& request_id = "") {
    PullSpec spec;
    spec.repo.name = repo;
    spec.owner = owner;
    spec.cache_dir = "/cache";
    spec.request_id = request_id;
    return spec;
  }
  // Its id is "p" and its number.
  Pull& Put(PullSpec spec) {
    const int64_t number = next_++;
    return table_.Put(std::make_unique<Pull>(*context, *racer_, *this, absl::StrCat("p", number), number, std::move(spec)));
  }
  std::vector<std::string> Ids(const std::vector<Pull*>& pulls) const {
    std::vector<std::string> ids;
    for (const Pull* pull : pulls) ids.push_back(pull->id());
    return ids;
  }
  std::vector<std::string> Queue() const {
    std::vector<std::string> ids;
    for (const auto& [turn, pull] : table_.queue()) ids.push_back(pull->id());
    return ids;
  }

  std::unique_ptr<Racer> racer_;
  PullTable table_;
  int64_t next_ = 1;
};

TEST_F(PullTableTest, APullStandsWhereItsStateSays) {
  Pull& pull = Put(Spec("org/a"));
  EXPECT_EQ(table_.Find("p1"), &pull);
  EXPECT_EQ(table_.open().size(), 1u);
  EXPECT_THAT(Queue(), ElementsAre("p1"));
  pull.Begin();
  EXPECT_THAT(Queue(), IsEmpty());
  EXPECT_EQ(table_.active().count(&pull), 1u);
  pull.Cancel(false);
  EXPECT_EQ(table_.open().size() + table_.active().size(), 0u);
  EXPECT_EQ(table_.ended(), 1u);
  table_.Erase("p1");
  EXPECT_EQ(table_.Find("p1"), nullptr);
  EXPECT_EQ(table_.all().size(), 0u);
}

TEST_F(PullTableTest, TheQueueFollowsATurnThatChanges) {
  Put(Spec("org/a"));
  Pull& second = Put(Spec("org/b"));
  EXPECT_THAT(Queue(), ElementsAre("p1", "p2"));
  PullSpec again = Spec("org/b");
  again.terms.priority = 5;
  second.Ask(again);
  table_.Refresh(second);
  EXPECT_THAT(Queue(), ElementsAre("p2", "p1"));
  EXPECT_EQ(table_.PositionOf(second), 1);
  const auto positions = table_.PositionsOf({table_.Find("p1")});
  EXPECT_EQ(positions.at(table_.Find("p1")), 2);
}

TEST_F(PullTableTest, AnEqualOneIsFoundUntilItEnds) {
  Pull& pull = Put(Spec("org/a"));
  Put(Spec("org/b"));
  EXPECT_EQ(table_.FindOpen(Spec("org/a")), &pull);
  EXPECT_EQ(table_.FindOpen(Spec("org/c")), nullptr);
  EXPECT_EQ(table_.FindOpen(Spec("org/a", "user 7")), nullptr);
  PullSpec filtered = Spec("org/a");
  filtered.filters.include = {"*.json"};
  EXPECT_EQ(table_.FindOpen(filtered), nullptr);
  pull.Cancel(false);
  EXPECT_EQ(table_.FindOpen(Spec("org/a")), nullptr);
}

TEST_F(PullTableTest, ANameIsItsOwnersAndHoldsADayAlsoOfOneThatHasEnded) {
  Pull& pull = Put(Spec("org/a", "user 7", "job"));
  pull.Cancel(false);
  EXPECT_EQ(table_.FindNamed("user 7", "job"), &pull);
  EXPECT_EQ(table_.FindNamed("user 8", "job"), nullptr);
  clock.Advance(core::RequestNames::kKept);
  EXPECT_EQ(table_.FindNamed("user 7", "job"), nullptr);
  Pull& next = Put(Spec("org/b", "user 7", "job"));
  EXPECT_EQ(table_.FindNamed("user 7", "job"), &next);
  table_.Erase("p1");
  EXPECT_EQ(table_.FindNamed("user 7", "job"), &next);
  table_.Erase("p2");
  EXPECT_EQ(table_.FindNamed("user 7", "job"), nullptr);
}

TEST_F(PullTableTest, ANameThatTakesAnothersPlaceIsFoundAndTheOtherIsNot) {
  Pull& pull = Put(Spec("org/a", "", "first"));
  clock.Advance(core::RequestNames::kKept);
  pull.Ask(Spec("org/a", "", "second"));  // the first has expired, so that there are as many as before
  table_.Refresh(pull);
  EXPECT_EQ(table_.FindNamed("", "second"), &pull);
  table_.Erase("p1");
  EXPECT_EQ(table_.FindNamed("", "first"), nullptr);
  EXPECT_EQ(table_.FindNamed("", "second"), nullptr);
}

TEST_F(PullTableTest, EachOwnersOpenOnesAreCounted) {
  Put(Spec("org/a", "user 7"));
  Pull& other = Put(Spec("org/b", "user 7"));
  Put(Spec("org/c"));
  EXPECT_EQ(table_.OpenOf("user 7"), 2);
  other.Cancel(false);
  EXPECT_EQ(table_.OpenOf("user 7"), 1);
  table_.Erase("p1");
  EXPECT_EQ(table_.OpenOf("user 7"), 0);
  EXPECT_EQ(table_.OpenOf(""), 1);
}

TEST_F(PullTableTest, PagesGoFromTheYoungestDownAndSayWhetherThereAreMore) {
  for (const char* repo : {"org/a", "org/b", "org/c", "org/d"}) Put(Spec(repo));
  table_.Find("p3")->Cancel(false);
  PullQuery query;
  query.most = 2;
  auto [pulls, more] = table_.Newest(query);
  EXPECT_THAT(Ids(pulls), ElementsAre("p4", "p3"));
  EXPECT_TRUE(more);
  query.before = 3;
  std::tie(pulls, more) = table_.Newest(query);
  EXPECT_THAT(Ids(pulls), ElementsAre("p2", "p1"));
  EXPECT_FALSE(more);
  query = {};
  query.active_only = true;
  EXPECT_THAT(Ids(table_.Newest(query).first), ElementsAre("p4", "p2", "p1"));
  query.filter.repo = "org/b";
  EXPECT_THAT(Ids(table_.Newest(query).first), ElementsAre("p2"));
  query = {};
  query.filter.states = {core::PullState::kCancelled};
  EXPECT_THAT(Ids(table_.Newest(query).first), ElementsAre("p3"));
}

TEST_F(PullTableTest, OneThatTakesTheIdOfAnotherTakesItsPlace) {
  Pull& ended = Put(Spec("org/a", "", "job"));
  ended.Cancel(false);
  records::v1::PullRecord record = ended.ToRecord();
  record.set_state(static_cast<int>(core::PullState::kQueued));
  record.set_sequence(9);
  Pull& again = table_.Put(std::make_unique<Pull>(*context, *racer_, *this, record));
  EXPECT_EQ(table_.Find("p1"), &again);
  EXPECT_EQ(table_.FindNamed("", "job"), &again);
  EXPECT_EQ(table_.all().size(), 1u);
  EXPECT_THAT(Queue(), ElementsAre("p1"));
}

}  // namespace
}  // namespace hfget::engine
