#include "daemon/rpc/target_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {
namespace {

namespace fs = std::filesystem;
using ::hfget::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
constexpr char kOurselves[] = "";
constexpr char kOneGuest[] = "user 1000";

class TargetCheckTest : public ::testing::Test {
 protected:
  TargetCheckTest() {
    for (const std::string name : {"data/models/deep", "other", "cache"}) Make(name, 0755);
    config_.allowed.own_uid = geteuid();
    config_.own_caches = {folder_ / "cache"};
  }
  void Make(const std::string& name, mode_t mode) {
    fs::create_directories(folder_ / name);
    chmod((folder_ / name).c_str(), mode);
  }
  absl::StatusOr<std::string> Resolve(const std::string& owner, const std::string& leaf) {
    return TargetCheck(config_).Resolve(owner, folder_ / leaf);
  }
  void Allow(const std::string& leaf) { config_.allowed_targets.push_back(folder_ / leaf); }

  TempFolder folder_;
  DoorConfig config_;
};

TEST_F(TargetCheckTest, WithoutAListTheDaemonsUserWritesWhereItMay) {
  EXPECT_EQ(*Resolve(kOurselves, "other/../anywhere"), folder_ / "other/../anywhere");
}

TEST_F(TargetCheckTest, WithoutAListGuestsHaveTheDaemonsCaches) {
  EXPECT_EQ(*Resolve(kOneGuest, "cache"), folder_ / "cache");
  EXPECT_EQ(*Resolve(kOneGuest, "cache/hub/new"), folder_ / "cache/hub/new");
  EXPECT_THAT(Resolve(kOneGuest, "data/models"), StatusIs(kDenied, HasSubstr("outside")));
}

TEST_F(TargetCheckTest, WithAListItHoldsForAll) {
  Allow("data/models");
  for (const std::string owner : {kOurselves, kOneGuest}) {
    EXPECT_EQ(*Resolve(owner, "data/models"), folder_ / "data/models");
    EXPECT_EQ(*Resolve(owner, "data/models/not/there/yet"), folder_ / "data/models/not/there/yet");
    for (const std::string out : {"data", "data/models2", "other", "cache", "data/models/../../other", "data/models/no/../../x"}) {
      EXPECT_THAT(Resolve(owner, out), StatusIs(kDenied, AllOf(HasSubstr("outside"), HasSubstr("--local-dir")))) << out;
    }
  }
}

TEST_F(TargetCheckTest, ALinkCountsAsWhatItLeadsTo) {
  Allow("data/models");
  fs::create_symlink(folder_ / "other", folder_ / "data/models/out");
  fs::create_symlink(folder_ / "data/models", folder_ / "in");
  EXPECT_THAT(Resolve(kOurselves, "data/models/out"), StatusIs(kDenied, HasSubstr("the target")));
  EXPECT_THAT(Resolve(kOurselves, "data/models/out/new"), StatusIs(kDenied, Not(HasSubstr("/other"))));
  EXPECT_EQ(*Resolve(kOurselves, "in/new"), folder_ / "data/models/new");
}

TEST_F(TargetCheckTest, ALinkThatLeadsNowhereIsNoFolderToMake) {
  Allow("data/models");
  fs::create_symlink(folder_ / "other/later", folder_ / "data/models/later");
  EXPECT_THAT(Resolve(kOurselves, "data/models/later/x"), StatusIs(kDenied, HasSubstr("the target")));
  EXPECT_THAT(Resolve(kOneGuest, "data/models/later"), StatusIs(kDenied, HasSubstr("the target")));
}

TEST_F(TargetCheckTest, AFileIsNoFolder) {
  Allow("data/models");
  std::ofstream(folder_ / "data/models/file") << "x";
  EXPECT_THAT(Resolve(kOurselves, "data/models/file"), StatusIs(kDenied, HasSubstr("the target")));
  EXPECT_THAT(Resolve(kOurselves, "data/models/file/x"), StatusIs(kDenied, HasSubstr("the target")));
}

TEST_F(TargetCheckTest, AGuestsWayLeadsOnlyThroughFoldersThatNobodyElseCanChange) {
  Allow("data/models");
  Make("data/models/shared", 0777);
  Make("data/models/shared/mine", 0755);
  EXPECT_THAT(Resolve(kOneGuest, "data/models/shared/mine"), StatusIs(kDenied, HasSubstr("chmod go-w")));
  EXPECT_THAT(Resolve(kOneGuest, "data/models/shared/new"), StatusIs(kDenied, HasSubstr("the target")));
  EXPECT_OK(Resolve(kOurselves, "data/models/shared/mine"));
  EXPECT_OK(Resolve(kOneGuest, "data/models/deep/new"));
}

TEST_F(TargetCheckTest, AnAllowedFolderThatIsNotThereYetMustBeOursToMake) {
  Make("open", 01777);
  Allow("open/root");
  Allow("data/new");
  EXPECT_THAT(Resolve(kOneGuest, "open/root/x"), StatusIs(kDenied, HasSubstr("the target")));
  EXPECT_OK(Resolve(kOneGuest, "data/new/x"));
}

TEST_F(TargetCheckTest, AnAllowedFolderMayItselfBeALink) {
  fs::create_symlink(folder_ / "other", folder_ / "mount");
  Allow("mount");
  EXPECT_EQ(*Resolve(kOneGuest, "mount/x"), folder_ / "other/x");
}

TEST_F(TargetCheckTest, WhatLeadsElsewhereByTheTimeThePullBeginsIsRefused) {
  Allow("data");
  const std::string resolved = *Resolve(kOneGuest, "data/models/deep/target");
  EXPECT_OK(TargetCheck(config_).Repeat(kOneGuest, resolved));
  fs::rename(folder_ / "data/models/deep", folder_ / "data/models/was");
  fs::create_symlink(folder_ / "data/models", folder_ / "data/models/deep");  // inside, and yet not what was asked for
  EXPECT_THAT(TargetCheck(config_).Repeat(kOneGuest, resolved), StatusIs(kDenied, HasSubstr("leads elsewhere")));
  config_.allowed_targets = {folder_ / "cache"};  // a restart under another configuration
  EXPECT_THAT(TargetCheck(config_).Repeat(kOurselves, folder_ / "data/models"), StatusIs(kDenied, HasSubstr("the target")));
}

}  // namespace
}  // namespace hfget::rpc
