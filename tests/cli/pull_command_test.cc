#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/synchronization/notification.h"
#include "cli/commands.h"
#include "tests/cli/command_fixture.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::CommandFixture;
using testing::DonePull;
using ::testing::ElementsAre;
using testing::FailedPull;
using testing::FakeDaemon;
using testing::FetchingPull;
using ::testing::HasSubstr;
using testing::NewPull;
using testing::PausedPull;
using ::testing::Not;
using ::testing::StartsWith;

const grpc::Status kGone(grpc::StatusCode::UNAVAILABLE, "socket closed");

class PullCommandTest : public CommandFixture {};

TEST_F(PullCommandTest, PrintsThePathAloneOnStandardOutput) {
  PullEndsWith(DonePull());
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/model"}), 0);
  EXPECT_EQ(out(), "/cache/models--org--model/snapshots/abcdef12\n");
  EXPECT_THAT(err(), StartsWith("✓ org/model@abcdef12: 12 files, 10.0 MiB in 2.0 s"));
}

TEST_F(PullCommandTest, AsksNothingMoreWhenThePullIsDoneAtOnce) {
  Accept(DonePull());
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/model"}), 0);
  EXPECT_EQ(daemon_.watches, 0);
}

TEST_F(PullCommandTest, SendsWhatWasAsked) {
  PullEndsWith(DonePull());
  daemon_.Start();
  env_["HF_TOKEN"] = " hf_env ";
  env_["HF_HOME"] = "/hf";
  Run({"pull", "hf://datasets/org/d@v1", "a.bin", "--authority", "official", "--revision", "v1"});
  Run({"pull", "org/m", "--include", "*.json", "--exclude", "x*", "--local-dir", "models/m/"});
  Run({"pull", "org/m", "--type", "space", "--cache-dir", "~/c", "--token", "hf_arg"});
  ASSERT_EQ(daemon_.pull_requests.size(), 3u);
  EXPECT_EQ(daemon_.pull_requests[0].ShortDebugString(),
            "repo: \"hf://datasets/org/d@v1\" revision: \"v1\" files: \"a.bin\" "
            "cache_dir: \"/hf/hub\" token: \"hf_env\" authority: \"official\" "
            "token_is_ambient: true");
  EXPECT_EQ(daemon_.pull_requests[1].ShortDebugString(),
            "repo: \"org/m\" include: \"*.json\" exclude: \"x*\" local_dir: \"/w/models/m\" "
            "token: \"hf_env\" token_is_ambient: true");
  EXPECT_EQ(daemon_.pull_requests[2].ShortDebugString(),
            "repo: \"org/m\" type: REPO_TYPE_SPACE cache_dir: \"" + temp_.path() +
                "/c\" token: \"hf_arg\"");
}

TEST_F(PullCommandTest, AModelScopeRepoHasACacheAndATokenOfItsOwn) {
  PullEndsWith(DonePull());
  daemon_.Start();
  env_["HF_TOKEN"] = "hf_env";
  env_["HF_HOME"] = "/hf";
  env_["MODELSCOPE_CACHE"] = "/ms";
  Run({"pull", "modelscope://org/m"});
  env_["MODELSCOPE_API_TOKEN"] = "ms-env\n";
  Run({"pull", "modelscope://org/m"});
  Run({"pull", "https://www.modelscope.cn/models/org/m", "--token", "ms-arg"});
  Run({"pull", "org/m", "--modelscope-id", "there/m"});
  ASSERT_EQ(daemon_.pull_requests.size(), 4u);
  EXPECT_EQ(daemon_.pull_requests[0].ShortDebugString(), "repo: \"modelscope://org/m\" cache_dir: \"/ms\"");
  EXPECT_EQ(daemon_.pull_requests[1].ShortDebugString(),
            "repo: \"modelscope://org/m\" cache_dir: \"/ms\" modelscope_token: \"ms-env\"");
  EXPECT_EQ(daemon_.pull_requests[2].modelscope_token(), "ms-arg");
  EXPECT_EQ(daemon_.pull_requests[2].token(), "");
  EXPECT_EQ(daemon_.pull_requests[3].ShortDebugString(),
            "repo: \"org/m\" cache_dir: \"/hf/hub\" token: \"hf_env\" token_is_ambient: true "
            "modelscope_token: \"ms-env\" modelscope_id: \"there/m\"");
}

TEST_F(PullCommandTest, SendsLimits) {
  PullEndsWith(DonePull());
  daemon_.Start();
  Run({"pull", "org/m", "--limit-rate", "2MB", "--max-connections", "3"});
  ASSERT_EQ(daemon_.pull_requests.size(), 1u);
  EXPECT_EQ(daemon_.pull_requests[0].max_bytes_per_sec(), 2'000'000);
  EXPECT_EQ(daemon_.pull_requests[0].max_connections(), 3);
}

TEST_F(PullCommandTest, TakesTheTokenOfAFileOrOfStandardInput) {
  PullEndsWith(DonePull());
  daemon_.Start();
  std::ofstream(temp_.path() + "/t") << "hf_mounted\n";
  secret_ = "hf_piped\n";
  Run({"pull", "org/m", "--token-file", "~/t"});
  Run({"pull", "org/m", "--token-file", "-"});
  ASSERT_EQ(daemon_.pull_requests.size(), 2u);
  EXPECT_EQ(daemon_.pull_requests[0].token(), "hf_mounted");
  EXPECT_EQ(daemon_.pull_requests[1].token(), "hf_piped");
  EXPECT_FALSE(daemon_.pull_requests[0].token_is_ambient());
  EXPECT_EQ(Run({"pull", "org/m", "--token-file", "~/absent"}), 2);
  EXPECT_THAT(err(), HasSubstr("cannot read the token file " + temp_.path() + "/absent"));
  EXPECT_EQ(Run({"pull", "org/m", "--token-file", "~/t", "--token", "hf_x"}), 2);
}

TEST_F(PullCommandTest, WithoutImplicitTokensTheDaemonsOwnIsNotUsedEither) {
  PullEndsWith(DonePull());
  daemon_.Start();
  env_["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
  Run({"pull", "org/m"});
  EXPECT_TRUE(daemon_.pull_requests.at(0).anonymous());
}

TEST_F(PullCommandTest, WarnsAboutATokenInTheArgumentsAndNeverRepeatsIt) {
  PullEndsWith(DonePull());
  daemon_.Start();
  Run({"pull", "org/m", "--token", "hf_secret"});
  EXPECT_THAT(out() + err(), AllOf(HasSubstr("process list"), Not(HasSubstr("hf_secret"))));
}

TEST_F(PullCommandTest, WarnsThatFiltersAreIgnoredWhenFilesAreNamed) {
  PullEndsWith(DonePull());
  daemon_.Start();
  Run({"pull", "org/m", "a.bin", "--include", "*.json"});
  EXPECT_THAT(err(), HasSubstr("--include and --exclude are ignored"));
}

TEST_F(PullCommandTest, ExitCodeFollowsTheCauseOfTheFailure) {
  const std::map<v1::ErrorCause, int> codes = {
      {v1::ERROR_CAUSE_INVALID, 2},      {v1::ERROR_CAUSE_NOT_FOUND, 3},
      {v1::ERROR_CAUSE_UNAUTHORIZED, 4}, {v1::ERROR_CAUSE_NO_SOURCE, 5},
      {v1::ERROR_CAUSE_DISK, 6},         {v1::ERROR_CAUSE_CORRUPT, 1}};
  daemon_.Start();
  for (const auto& [cause, code] : codes) {
    PullEndsWith(FailedPull(cause, "what\nhappened"));
    EXPECT_EQ(Run({"pull", "org/model"}), code);
    EXPECT_EQ(out(), "");
    EXPECT_EQ(err(), "hfget: what happened\n");
  }
}

TEST_F(PullCommandTest, ARequestThatTheDaemonRefusesIsUsage) {
  daemon_.on_pull = [](const v1::PullRequest&, v1::PullResponse*) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "\"..\" is no repo id");
  };
  daemon_.Start();
  EXPECT_EQ(Run({"pull", ".."}), 2);
  EXPECT_EQ(err(), "hfget: \"..\" is no repo id\n");
}

TEST_F(PullCommandTest, QuietSaysNothingButErrors) {
  v1::Pull done = DonePull();
  done.add_notices("the hub says hello");
  PullEndsWith(done);
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m", "-q", "a", "--include", "b", "--token", "hf_t"}), 0);
  EXPECT_EQ(err(), "");
  EXPECT_EQ(out(), done.path() + "\n");
  PullEndsWith(FailedPull(v1::ERROR_CAUSE_DISK, "disk full"));
  EXPECT_EQ(Run({"pull", "org/m", "-q"}), 6);
  EXPECT_EQ(err(), "hfget: disk full\n");
}

TEST_F(PullCommandTest, JsonIsOneObjectHoweverItEnds) {
  daemon_.Start();
  PullEndsWith(DonePull());
  EXPECT_EQ(Run({"pull", "org/m", "--json"}), 0);
  EXPECT_EQ(json::parse(out())["state"], "done");
  EXPECT_EQ(err(), "");
  PullEndsWith(FailedPull(v1::ERROR_CAUSE_NO_SOURCE, "none left"));
  EXPECT_EQ(Run({"pull", "org/m", "--json"}), 5);
  EXPECT_EQ(json::parse(out())["error"]["cause"], "no_source");
  daemon_.version.set_api(2);
  EXPECT_EQ(Run({"pull", "org/m", "--json"}), 1);
  EXPECT_EQ(json::parse(out())["state"], "failed");
}

TEST_F(PullCommandTest, SaysEachNoticeOnce) {
  v1::Pull running = FetchingPull();
  running.add_notices("moved to org/new");
  v1::Pull done = DonePull();
  done.add_notices("moved to org/new");
  Accept(running);
  Watch({running, running, done});
  daemon_.Start();
  Run({"pull", "org/m"});
  EXPECT_THAT(err(), StartsWith("note: moved to org/new\n✓"));
}

TEST_F(PullCommandTest, DetachPrintsTheIdAndLeavesThePullAlone) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m", "--detach"}), 0);
  EXPECT_EQ(out(), "p1\n");
  EXPECT_THAT(err(), HasSubstr("hfget watch p1"));
  EXPECT_EQ(daemon_.watches, 0);
}

TEST_F(PullCommandTest, DryRunPrintsThePlan) {
  v1::Pull plan = DonePull();
  const auto add = [&plan](const char* path, int64_t size, bool present) {
    v1::PlannedFile* file = plan.add_plan();
    file->set_path(path);
    file->set_size_bytes(size);
    file->set_present(present);
  };
  add("config.json", 600, true);
  add("model.safetensors", 3 * testing::kGiB, false);
  PullEndsWith(plan);
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m", "--dry-run"}), 0);
  EXPECT_TRUE(daemon_.pull_requests[0].dry_run());
  EXPECT_EQ(out(),
            "[dry-run] Will download 1 file (out of 2) totalling 3.0 GiB.\n"
            "File               Bytes to download\n"
            "config.json                        -\n"
            "model.safetensors            3.0 GiB\n");
}

class InterruptedPullTest : public CommandFixture, public ::testing::WithParamInterface<int> {};

TEST_P(InterruptedPullTest, DetachesAndSaysHowToComeBack) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  absl::Notification over;
  daemon_.on_watch = [&](int, const std::string&, FakeDaemon::Writer* writer) {
    Stream(writer, {FetchingPull()});
    EXPECT_TRUE(inbox_.PutSignal(GetParam()));
    over.WaitForNotification();
    return grpc::Status::OK;
  };
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m"}), 128 + GetParam());
  over.Notify();
  daemon_.Stop();  // waits for the handler, which uses what is local here
  EXPECT_EQ(err(), "detached; the daemon goes on: hfget watch p1 · stop it: hfget cancel p1\n");
  EXPECT_EQ(out(), "");
  EXPECT_FALSE(inbox_.PutSignal(SIGINT));  // nobody waits any more: the process has to end
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptedPullTest, ::testing::Values(SIGINT, SIGTERM));

TEST_F(PullCommandTest, TakesABrokenStreamUpAgainAndSaysSoOnce) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  daemon_.on_watch = [](int call, const std::string&, FakeDaemon::Writer* writer) {
    return call < 4 ? Stream(writer, {FetchingPull()}, kGone) : Stream(writer, {DonePull()});
  };
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m"}), 0);
  EXPECT_EQ(daemon_.watches, 4);
  EXPECT_THAT(err(), StartsWith("lost the daemon, trying again; the pull itself is safe\n✓"));
}

TEST_F(PullCommandTest, AStreamThatEndsWithoutAnEndIsBrokenToo) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  daemon_.on_watch = [](int call, const std::string&, FakeDaemon::Writer* writer) {
    return call == 1 ? grpc::Status::OK : Stream(writer, {DonePull()});
  };
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m"}), 0);
}

TEST_F(PullCommandTest, GivesUpOnADaemonThatDoesNotComeBack) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  daemon_.on_watch = [this](int, const std::string&, FakeDaemon::Writer* writer) {
    daemon_.version_status = kGone;
    return Stream(writer, {FetchingPull()}, kGone);
  };
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m", "--json"}), 1);
  EXPECT_THAT(err(), AllOf(HasSubstr("hfget: lost the daemon ("), HasSubstr("hfget watch p1")));
  EXPECT_EQ(json::parse(out())["id"], "p1");
}

TEST_F(PullCommandTest, BringsTheTokenAgainToADaemonThatLostIt) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  daemon_.on_watch = [](int call, const std::string&, FakeDaemon::Writer* writer) {
    return Stream(writer, {call == 1 ? NewPull(v1::PULL_STATE_NEEDS_TOKEN) : DonePull()});
  };
  daemon_.Start();
  env_["HF_TOKEN"] = "hf_t";
  EXPECT_EQ(Run({"pull", "org/m"}), 0);
  ASSERT_EQ(daemon_.pull_requests.size(), 2u);
  EXPECT_EQ(daemon_.pull_requests[1].token(), "hf_t");
}

TEST_F(PullCommandTest, ATokenThatIsAskedForAgainAtOnceIsNotSentForEver) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  Watch({NewPull(v1::PULL_STATE_NEEDS_TOKEN)});
  daemon_.Start();
  env_["HF_TOKEN"] = "hf_t";
  EXPECT_EQ(Run({"pull", "org/m"}), 4);
  EXPECT_EQ(daemon_.pull_requests.size(), 2u);
}

TEST_F(PullCommandTest, LeavesAPullThatCouldNotBeginForWantOfSpace) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  Watch({PausedPull()});
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m", "--json"}), 6);
  EXPECT_THAT(err(), AllOf(HasSubstr("the disk is too full; paused"), HasSubstr("hfget watch p1")));
  EXPECT_EQ(json::parse(out())["state"], "paused");
}

TEST_F(PullCommandTest, StaysWithAPullThatPausesInItsMidst) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  v1::Pull paused = PausedPull();
  paused.set_fetched_bytes(testing::kMiB);
  Watch({paused, DonePull()});
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m"}), 0);
}

TEST_F(PullCommandTest, ButNotForEver) {
  Accept(NewPull(v1::PULL_STATE_QUEUED));
  v1::Pull paused = PausedPull();
  paused.set_fetched_bytes(testing::kMiB);
  timing_.disk = absl::ZeroDuration();
  Watch({paused});
  daemon_.Start();
  EXPECT_EQ(Run({"pull", "org/m"}), 6);
}

TEST_F(PullCommandTest, StartsADaemonWithTheGlobalOptions) {
  PullEndsWith(DonePull());
  EXPECT_EQ(Run({"pull", "org/m", "--config", "c.toml", "--state-dir", "st"}), 0);
  ASSERT_EQ(processes_.starts.size(), 1u);
  EXPECT_THAT(processes_.starts[0].arguments,
              ElementsAre("--socket", socket_, "--config", "/w/c.toml", "--state-dir", "/w/st"));
}

TEST_F(PullCommandTest, ShowsTheOneLineOfADaemonThatDoesNotStart) {
  processes_.start_status = absl::FailedPreconditionError("config.toml line 3: unknown key");
  EXPECT_EQ(Run({"pull", "org/m"}), 1);
  EXPECT_EQ(err(), "hfget: config.toml line 3: unknown key\n");
}

TEST_F(PullCommandTest, OutputThatCannotBeWrittenIsAFailure) {
  PullEndsWith(DonePull());
  daemon_.Start();
  out_.setstate(std::ios::badbit);
  EXPECT_EQ(Run({"pull", "org/m"}), 1);
  EXPECT_THAT(err(), HasSubstr("cannot write to standard output"));
}

TEST_F(PullCommandTest, AnEmptyFolderIsUsage) {
  EXPECT_EQ(Run({"pull", "org/m", "--local-dir", ""}), 2);
  EXPECT_EQ(Run({"pull", "org/m", "--cache-dir", ""}), 2);
  EXPECT_EQ(Run({"pull", ""}), 2);
}

}  // namespace
}  // namespace hfget::cli
