#include "daemon/core/access.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr uint32_t kDaemon = 500, kAnn = 1000, kBob = 1001, kStaff = 50;

AllowedUsers JustUs() { return {kDaemon, {}, {}}; }

TEST(AccessTest, ByDefaultOnlyTheDaemonsUserAndRootComeIn) {
  EXPECT_TRUE(Admit({kDaemon, {kDaemon}}, JustUs())->trusted());
  EXPECT_TRUE(Admit({0, {0}}, JustUs())->trusted());
  EXPECT_FALSE(Admit({kAnn, {kAnn, kStaff}}, JustUs()));
}

TEST(AccessTest, AnAllowedUserComesInAsAGuest) {
  const AllowedUsers allowed{kDaemon, {kAnn}, {}};
  EXPECT_EQ(Admit({kAnn, {}}, allowed)->name, "user 1000");
  EXPECT_FALSE(Admit({kAnn, {}}, allowed)->trusted());
  EXPECT_FALSE(Admit({kBob, {}}, allowed));
}

TEST(AccessTest, AnyOfAUsersGroupsOpens) {
  const AllowedUsers allowed{kDaemon, {}, {kStaff}};
  EXPECT_EQ(Admit({kAnn, {kAnn, 7, kStaff}}, allowed)->name, "user 1000");
  EXPECT_FALSE(Admit({kBob, {kBob, 7}}, allowed));
  EXPECT_FALSE(Admit({kStaff, {}}, allowed));  // a user whose number is the group's
}

TEST(AccessTest, ADaemonOfRootTrustsRootAlone) {
  const AllowedUsers allowed{0, {kAnn}, {}};
  EXPECT_TRUE(Admit({0, {}}, allowed)->trusted());
  EXPECT_FALSE(Admit({kAnn, {}}, allowed)->trusted());
  EXPECT_FALSE(Admit({kDaemon, {}}, allowed));
}

TEST(AccessTest, AGuestSeesItsOwnPullsAndNoOthers) {
  const Caller ann{"user 1000"}, us;
  EXPECT_TRUE(MaySee(ann, "user 1000"));
  EXPECT_FALSE(MaySee(ann, "user 1001"));
  EXPECT_FALSE(MaySee(ann, "user 100"));
  EXPECT_FALSE(MaySee(ann, ""));  // the daemon's own
  EXPECT_FALSE(MaySee(Caller{"token"}, "certificate CN=token"));
  EXPECT_TRUE(MaySee(us, "user 1000"));
  EXPECT_TRUE(MaySee(us, ""));
}

TEST(AccessTest, OnlyTheDaemonsUserManages) {
  EXPECT_TRUE(MayManage(Caller{}));
  EXPECT_FALSE(MayManage(Caller{"user 1000"}));
  EXPECT_FALSE(MayManage(Caller{"certificate CN=ops"}));
}

TEST(AccessTest, TheDaemonsTokenIsNotForGuestsUnlessShared) {
  EXPECT_TRUE(MayUseOwnToken("", false));
  EXPECT_FALSE(MayUseOwnToken("user 1000", false));
  EXPECT_TRUE(MayUseOwnToken("user 1000", true));
}

TEST(AccessTest, ATargetLiesInARootByWholeNames) {
  const std::vector<std::string> roots = {"/data/models", "/srv"};
  EXPECT_EQ(*RootOf("/data/models", roots), "/data/models");
  EXPECT_EQ(*RootOf("/data/models/a/b", roots), "/data/models");
  EXPECT_EQ(*RootOf("/srv/x", roots), "/srv");
  EXPECT_EQ(RootOf("/data/models2", roots), nullptr);
  EXPECT_EQ(RootOf("/data", roots), nullptr);
  EXPECT_EQ(RootOf("/", roots), nullptr);
  EXPECT_EQ(RootOf("/data/models", {}), nullptr);
  EXPECT_NE(RootOf("/anything", {"/"}), nullptr);
}

TEST(AccessTest, AFolderIsOursToChangeWhenNobodyElseMayWriteInIt) {
  EXPECT_TRUE(OnlyOursToChange(kDaemon, 0755, kDaemon));
  EXPECT_TRUE(OnlyOursToChange(0, 0755, kDaemon));
  EXPECT_FALSE(OnlyOursToChange(kAnn, 0700, kDaemon));
  EXPECT_FALSE(OnlyOursToChange(kDaemon, 0775, kDaemon));
  EXPECT_FALSE(OnlyOursToChange(kDaemon, 01777, kDaemon));  // sticky: a new name may still be a link
}

}  // namespace
}  // namespace hfget::core
