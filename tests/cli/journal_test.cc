#include "cli/journal.h"

#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using ::testing::ElementsAre;

TEST(JournalTest, TheUnitIsTheOneThatTheDaemonRunsIn) {
  EXPECT_THAT(JournalUnit("0::/system.slice/hfgetd.service\n", true), ElementsAre("--unit", "hfgetd.service"));
  EXPECT_THAT(JournalUnit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/pulls.service\n", false),
              ElementsAre("--user-unit", "pulls.service"));
}

TEST(JournalTest, AnUnknownUnitHasTheUsualName) {
  for (const char* cgroup : {"", "0::/\n", "0::/user.slice/user-1000.slice/session-3.scope\n",
                             "0::/user.slice/user-0.slice/user@0.service\n"}) {
    EXPECT_THAT(JournalUnit(cgroup, false), ElementsAre("--user-unit", "hfgetd.service")) << cgroup;
    EXPECT_THAT(JournalUnit(cgroup, true), ElementsAre("--unit", "hfgetd.service")) << cgroup;
  }
}

TEST(JournalTest, TheSpanIsSaidInItsWords) {
  const std::vector<std::string> unit = {"--unit", "u"};
  EXPECT_THAT(JournalCommand(unit, {}, false), ElementsAre("journalctl", "--unit", "u"));
  EXPECT_THAT(JournalCommand(unit, {.lines = 7, .since = absl::FromUnixSeconds(42)}, true),
              ElementsAre("journalctl", "--unit", "u", "--lines=7", "--since=@42", "--follow"));
}

}  // namespace
}  // namespace hfget::cli
