#include "cli/error_detail.h"
#include "tests/cli/command_fixture.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using testing::CommandFixture;
using ::testing::HasSubstr;
using testing::NewPull;
using ::testing::Not;

class VerifyCommandTest : public CommandFixture {
 protected:
  VerifyCommandTest() {
    v1::Manifest* manifest = daemon_.verification.emplace_back().mutable_manifest();
    manifest->set_repo("org/model");
    manifest->set_commit("0123456789abcdef0123456789abcdef01234567");
    manifest->set_total_files(2);
    manifest->set_path("/cache/snapshot");
    Find("good.bin", v1::FileVerdict::VERDICT_GOOD);
    v1::VerifySummary* summary = daemon_.verification.emplace_back().mutable_summary();
    summary->set_good_files(1);
    summary->set_checked_bytes(2048);
  }
  // Before the summary.
  void Find(const std::string& path, v1::FileVerdict::Verdict verdict) {
    v1::VerifyRepoResponse response;
    v1::FileVerdict* file = response.add_verdicts();
    file->set_path(path);
    file->set_verdict(verdict);
    file->set_message("its content is another");
    daemon_.verification.insert(daemon_.verification.begin() + 1, response);
  }
  void FindBad() {
    Find("bad.bin", v1::FileVerdict::VERDICT_CORRUPT);
    summary().set_bad_files(1);
  }
  v1::VerifySummary& summary() { return *daemon_.verification.back().mutable_summary(); }
};

TEST_F(VerifyCommandTest, SaysNothingOnStandardOutputWhenAllIsAsListed) {
  daemon_.Start();
  EXPECT_EQ(Run({"verify", "org/model", "--revision", "v2"}), 0);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr("org/model at 0123456789ab: 1 file is as listed (2.0 KiB read)"));
  ASSERT_EQ(daemon_.verified.size(), 1u);
  EXPECT_EQ(daemon_.verified[0].pull().revision(), "v2");
  EXPECT_FALSE(daemon_.verified[0].repair());
}

TEST_F(VerifyCommandTest, NamesWhatIsBadAndHowToMendIt) {
  FindBad();
  daemon_.Start();
  EXPECT_EQ(Run({"verify", "org/model"}), 1);
  EXPECT_EQ(out(), "corrupt     bad.bin: its content is another\n");
  EXPECT_THAT(err(), AllOf(HasSubstr("1 file is as listed, 1 is not"), HasSubstr("--repair")));
}

TEST_F(VerifyCommandTest, FollowsTheRepairToItsEnd) {
  FindBad();
  *summary().mutable_repair() = NewPull(v1::PULL_STATE_QUEUED);
  summary().mutable_repair()->set_commit(std::string(40, 'c'));
  v1::Pull done = NewPull(v1::PULL_STATE_DONE);
  done.set_path("/cache/snapshot");
  Watch({done});
  daemon_.Start();
  EXPECT_EQ(Run({"verify", "org/model", "--repair"}), 0);
  EXPECT_TRUE(daemon_.verified[0].repair());
  EXPECT_THAT(out(), AllOf(HasSubstr("corrupt     bad.bin"), HasSubstr("/cache/snapshot\n")));
}

TEST_F(VerifyCommandTest, AnObjectForPrograms) {
  FindBad();
  daemon_.Start();
  EXPECT_EQ(Run({"verify", "org/model", "--json"}), 1);
  EXPECT_THAT(out(), AllOf(HasSubstr(R"("good_files":1)"), HasSubstr(R"("path":"bad.bin","verdict":"corrupt")"), HasSubstr(R"("repair":null)"),
                           Not(HasSubstr("good.bin"))));
  EXPECT_EQ(err(), "");
}

TEST_F(VerifyCommandTest, WhatTheHubSaysDecidesTheExitCode) {
  v1::Error error;
  error.set_cause(v1::ERROR_CAUSE_NO_SOURCE);
  v1::RichStatus rich;
  rich.add_details()->PackFrom(error);
  daemon_.verification.clear();
  daemon_.verify_status = {grpc::StatusCode::UNAVAILABLE, "no usable source is left", rich.SerializeAsString()};
  daemon_.Start();
  EXPECT_EQ(Run({"verify", "org/model"}), 5);
  EXPECT_EQ(err(), "hfget: no usable source is left\n");
  EXPECT_EQ(Run({"verify", "org/model", "--json"}), 5);
  EXPECT_THAT(out(), HasSubstr("no_source"));
}

TEST_F(VerifyCommandTest, ARepairThatCannotBeginIsSaid) {
  FindBad();
  summary().mutable_repair_error()->set_message("too many pulls");
  daemon_.Start();
  EXPECT_EQ(Run({"verify", "org/model", "--repair"}), 1);
  EXPECT_THAT(err(), HasSubstr("not repaired: too many pulls"));
}

}  // namespace
}  // namespace hfget::cli
