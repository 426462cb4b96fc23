#include "cli/view.h"

#include <algorithm>
#include <sstream>

#include "gmock/gmock.h"
#include "tests/cli/pull_samples.h"

namespace hfget::cli {
namespace {

using testing::DonePull;
using testing::FetchingPull;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kStart = absl::FromUnixSeconds(1000);

class ViewTest : public ::testing::Test {
 protected:
  std::string Take() {
    std::string text = err_.str();
    err_.str("");
    return text;
  }

  std::ostringstream err_;
};

TEST_F(ViewTest, LinesComeAfterASecondAndThenEveryFive) {
  const auto view = MakeLineView(&err_, true, kStart);
  view->Update(FetchingPull(), kStart);
  view->Tick(kStart);
  EXPECT_EQ(Take(), "");
  EXPECT_EQ(view->NextTick(), kStart + absl::Seconds(1));
  view->Tick(kStart + absl::Seconds(1));
  EXPECT_THAT(Take(), StartsWith("org/model@abcdef12: 42 %"));
  view->Tick(kStart + absl::Seconds(5));
  EXPECT_EQ(Take(), "");
  view->Tick(kStart + absl::Seconds(6));
  EXPECT_THAT(Take(), HasSubstr("42 %"));
}

TEST_F(ViewTest, LinesEndWithThePull) {
  const auto view = MakeLineView(&err_, true, kStart);
  view->Tick(kStart + absl::Seconds(1));  // nothing is known yet
  view->Update(DonePull(), kStart);
  view->Tick(kStart + absl::Seconds(9));
  EXPECT_EQ(Take(), "");
}

TEST_F(ViewTest, BarsAreDrawnAtMostTenTimesASecond) {
  const auto view = MakeBarView(&err_, Terminal());
  int frames = 0;
  for (int ms = 0; ms < 1000; ms += 10) {
    view->Update(FetchingPull(), kStart);
    view->Tick(kStart + absl::Milliseconds(ms));
    frames += Take().empty() ? 0 : 1;
  }
  EXPECT_EQ(frames, 10);
}

TEST_F(ViewTest, BarsAreRedrawnOnceASecondWithoutNews) {
  const auto view = MakeBarView(&err_, Terminal());
  view->Update(FetchingPull(), kStart);
  view->Tick(kStart);
  Take();
  EXPECT_EQ(view->NextTick(), kStart + absl::Seconds(1));
  view->Tick(kStart + absl::Milliseconds(500));
  EXPECT_EQ(Take(), "");
  view->Tick(view->NextTick());
  EXPECT_NE(Take(), "");
}

TEST_F(ViewTest, BarsFollowAResizeAtOnce) {
  const auto view = MakeBarView(&err_, Terminal());
  view->Update(FetchingPull(), kStart);
  view->Tick(kStart);
  Take();
  view->Resized();
  view->Tick(kStart + absl::Milliseconds(100));
  EXPECT_NE(Take(), "");
}

TEST_F(ViewTest, BarsMakeRoomForALineThatStays) {
  const auto view = MakeBarView(&err_, Terminal());
  view->Update(FetchingPull(), kStart);
  view->Tick(kStart);
  Take();
  view->Say("note: x");
  EXPECT_EQ(Take(), "\r\x1b[5A\x1b[Jnote: x\n");
  view->Finish();
  EXPECT_EQ(Take(), "");
}

TEST_F(ViewTest, BarsLeaveTheScreenWithTheView) {
  auto view = MakeBarView(&err_, Terminal());
  view->Update(FetchingPull(), kStart);
  view->Tick(kStart);
  Take();
  view.reset();
  EXPECT_EQ(Take(), "\r\x1b[5A\x1b[J");
}

TEST_F(ViewTest, SilenceKeepsWhatStaysUnlessQuiet) {
  MakeSilentView(&err_, false)->Say("note");
  EXPECT_EQ(Take(), "note\n");
  MakeSilentView(&err_, true)->Say("note");
  EXPECT_EQ(Take(), "");
}

TEST_F(ViewTest, JsonIsOneLineASnapshot) {
  std::ostringstream out;
  const auto view = MakeJsonView(&out, &err_);
  view->Update(FetchingPull(), kStart);
  view->Update(DonePull(), kStart);
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(Take(), "");
}

}  // namespace
}  // namespace hfget::cli
