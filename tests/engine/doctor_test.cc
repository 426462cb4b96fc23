#include "daemon/engine/doctor.h"

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/engine_fixture.h"

namespace hfget::engine {
namespace {

using hub::Finding;
using hub::Severity;
using testing::FakeHost;
using testing::FakeRepo;
using testing::Fault;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Kind = Fault::Kind;
using Where = Fault::Where;

const Secret kToken("hf_ourOwnToken1234567890");

class DoctorTest : public testing::EngineFixture {
 protected:
  DoctorTest() : official_(AddSource("official")), mirror_(AddSource("mirror")), cdn_(internet.AddDataHost("https://cdn.test")) {
    config.sources[1].token_policy = core::TokenPolicy::kIfProven;
    config.probe_repo = {hub::RepoType::kModel, "org/model"};
    config.cache_dir = "/cache/hub";
    config.state_dir = "/state";
    mirror_.data_origin = cdn_.endpoint;
    AddRepo("org/model");
    Renew();
  }
  void Renew() {
    Build();
    prober_ = std::make_unique<Prober>(*context);
  }

  FakeRepo& AddRepo(const std::string& name) {
    FakeRepo& repo = internet.content.repos.emplace_back();
    repo.id.name = name;
    repo.Add("config.json", 600, /*lfs=*/false);
    repo.Add("model.safetensors", 9000);
    return repo;
  }

  // All findings; the last one is the verdict.
  std::vector<Finding> Diagnose(DiagnoseSpec spec = {}) {
    std::vector<Finding> findings;
    bool done = false;
    Doctor doctor(
        *context, *prober_, std::move(spec), [&](const Finding& finding) { findings.push_back(finding); }, [&] { done = true; });
    doctor.Begin();
    EXPECT_TRUE(RunUntil([&done] { return done; }));
    EXPECT_FALSE(findings.empty());
    EXPECT_EQ(findings.back().check, "pull");
    EXPECT_EQ(network.running(), 0u);
    return findings;
  }
  static DiagnoseSpec About(const std::string& repo, Secret token = Secret(), bool ambient = true) {
    DiagnoseSpec spec;
    spec.repo = hub::RepoId{hub::RepoType::kModel, repo};
    spec.token = std::move(token);
    spec.token_is_ambient = ambient;
    spec.token_origin = "HF_TOKEN";
    return spec;
  }
  // "severity:cause:subject" of all that is not well.
  static std::vector<std::string> Troubles(const std::vector<Finding>& findings) {
    std::vector<std::string> troubles;
    for (const Finding& f : findings) {
      if (f.severity < Severity::kWarning || f.check == "pull") continue;
      troubles.push_back(absl::StrCat(f.severity == Severity::kProblem ? "problem:" : "warning:", f.cause, ":", f.subject));
    }
    return troubles;
  }
  static bool Works(const std::vector<Finding>& findings) { return findings.back().severity == Severity::kOk; }

  FakeHost& official_;
  FakeHost& mirror_;
  FakeHost& cdn_;
  std::unique_ptr<Prober> prober_;
};

TEST_F(DoctorTest, AllIsWell) {
  const auto findings = Diagnose();
  EXPECT_THAT(Troubles(findings), IsEmpty());
  EXPECT_EQ(findings.back().message, "a pull would work, from official, mirror");
}

TEST_F(DoctorTest, TroubleOfOneIsAWarningWhileAnotherWorks) {
  official_.Add({.kind = Kind::kConnectTimeout, .where = Where::kAny});
  const auto findings = Diagnose();
  EXPECT_TRUE(Works(findings));
  EXPECT_THAT(Troubles(findings), UnorderedElementsAre("warning:connect-timeout:official"));
  EXPECT_THAT(findings.back().message, HasSubstr("from mirror"));
}

TEST_F(DoctorTest, TroubleOfAllIsTheProblem) {
  official_.Add({.kind = Kind::kConnectTimeout, .where = Where::kAny});
  mirror_.Add({.kind = Kind::kHtml, .where = Where::kAny});
  const auto findings = Diagnose();
  EXPECT_FALSE(Works(findings));
  EXPECT_THAT(Troubles(findings), UnorderedElementsAre("problem:connect-timeout:official", "problem:not-a-hub:mirror"));
}

TEST_F(DoctorTest, ABlockedDataHostIsNamedThoughTheHubAnswers) {
  cdn_.Add({.kind = Kind::kConnectTimeout, .where = Where::kAny});
  EXPECT_THAT(Troubles(Diagnose()), UnorderedElementsAre("warning:data-host-blocked:mirror"));
  official_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  const auto findings = Diagnose();
  EXPECT_FALSE(Works(findings));
  EXPECT_THAT(Troubles(findings),
              UnorderedElementsAre("problem:connect-refused:official", "problem:data-host-blocked:mirror"));
}

TEST_F(DoctorTest, TheTokenGoesOnlyToTheOfficialHubAndToAProvenMirrorThatNeedsIt) {
  internet.content.accounts.insert(kToken.Reveal());
  Diagnose(About("org/model", kToken));
  EXPECT_EQ(mirror_.tokens.count(kToken.Reveal()), 0u) << "a public repo";
  EXPECT_EQ(official_.tokens.count(kToken.Reveal()), 1u);
  EXPECT_EQ(cdn_.tokens.size(), 0u);
  AddRepo("org/private").is_private = true;
  internet.content.repos.back().token = kToken.Reveal();
  EXPECT_TRUE(Works(Diagnose(About("org/private", kToken))));
  EXPECT_EQ(mirror_.tokens.count(kToken.Reveal()), 1u);
  EXPECT_EQ(cdn_.tokens.size(), 0u);
}

TEST_F(DoctorTest, ADroppingMirrorIsNamedAndSeesNoToken) {
  mirror_.reads_token = false;
  internet.content.accounts.insert(kToken.Reveal());
  AddRepo("org/gated").gated = true;
  internet.content.repos.back().token = kToken.Reveal();
  const auto findings = Diagnose(About("org/gated", kToken));
  EXPECT_TRUE(Works(findings));
  EXPECT_THAT(Troubles(findings),
              UnorderedElementsAre("warning:mirror-drops-authorization:mirror", "warning:token-not-sent:mirror"));
  EXPECT_EQ(mirror_.tokens.count(kToken.Reveal()), 0u);
}

TEST_F(DoctorTest, ARefusedTokenIsInTheWayOnlyWhenItWasGiven) {
  EXPECT_TRUE(Works(Diagnose(About("org/model", kToken, /*ambient=*/true))));
  const auto findings = Diagnose(About("org/model", kToken, /*ambient=*/false));
  EXPECT_FALSE(Works(findings));
  EXPECT_EQ(findings.back().cause, "token-refused");
}

TEST_F(DoctorTest, TheDaemonsOwnTokenIsLookedAtUnlessNoneIsWanted) {
  config.find_token = [] { return kToken; };
  internet.content.accounts.insert(kToken.Reveal());
  Renew();
  const auto own = Diagnose();
  EXPECT_TRUE(std::any_of(own.begin(), own.end(), [](const Finding& f) { return f.cause == "token-valid"; }));
  DiagnoseSpec spec;
  spec.anonymous = true;
  const auto none = Diagnose(std::move(spec));
  EXPECT_TRUE(std::any_of(none.begin(), none.end(), [](const Finding& f) { return f.cause == "token-forbidden"; }));
}

TEST_F(DoctorTest, NotFoundIsFinalOnlyFromTheAuthority) {
  const auto absent = Diagnose(About("org/absent", Secret()));
  EXPECT_FALSE(Works(absent));
  AddRepo("org/gated").gated = true;
  const auto gated = Diagnose(About("org/gated"));
  EXPECT_FALSE(Works(gated));
  mirror_.serves_gated = true;
  const auto served = Diagnose(About("org/gated"));
  EXPECT_TRUE(Works(served)) << "a mirror has a public copy";
  EXPECT_THAT(Troubles(served), UnorderedElementsAre("warning:no-token:official"));
}

TEST_F(DoctorTest, AMirrorThatLagsIsNamed) {
  FakeRepo next = internet.content.repos.front();
  next.commit = std::string(40, 'b');
  internet.content.repos.push_back(next);
  mirror_.lags_until = absl::InfiniteFuture();
  EXPECT_THAT(Troubles(Diagnose(About("org/model"))), UnorderedElementsAre("warning:lagging-mirror:mirror"));
}

TEST_F(DoctorTest, AHubWithoutTheRepoOfTheProbesIsAHub) {
  internet.content.repos.clear();
  EXPECT_FALSE(Works(Diagnose(About("org/model"))));
  EXPECT_TRUE(Works(Diagnose()));
}

TEST_F(DoctorTest, ASourceThatPullsLeaveOutDoesNotCount) {
  official_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  sources->at(1).health.Disable("TLS failed");
  const auto findings = Diagnose();
  EXPECT_FALSE(Works(findings));
  EXPECT_THAT(Troubles(findings), UnorderedElementsAre("warning:source-disabled:mirror", "problem:connect-refused:official"));
  sources->Switch(0, false);
  sources->Switch(1, false);
  EXPECT_THAT(Troubles(Diagnose()), UnorderedElementsAre("problem:no-source:sources"));
}

TEST_F(DoctorTest, LeavesFoldersAndSourcesAsTheyWere) {
  mirror_.Add({.kind = Kind::kHtml, .where = Where::kAny});
  Diagnose(About("org/model"));
  EXPECT_FALSE(files.Stat("/cache").ok());
  EXPECT_FALSE(sources->at(1).verified);
  EXPECT_TRUE(sources->Usable(1, clock.Steady()));
}

}  // namespace
}  // namespace hfget::engine
