#include "daemon/rpc/service.h"

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"
#include "tests/rpc/stats_samples.h"

namespace hfget::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class ServiceTest : public RpcFixture {};

TEST_F(ServiceTest, PullAnswersThePullAndWhetherItJoined) {
  v1::PullRequest request;
  request.set_repo("org/model");
  for (const bool joined : {false, true}) {
    grpc::ClientContext context;
    v1::PullResponse response;
    ASSERT_TRUE(stub().Pull(&context, request, &response).ok());
    EXPECT_EQ(response.pull().id(), "org/model@main");
    EXPECT_EQ(response.joined(), joined);
  }
}

TEST_F(ServiceTest, ABadRequestNeverReachesTheEngine) {
  grpc::ClientContext context;
  v1::PullRequest request;
  v1::PullResponse response;
  request.set_repo("org/model");
  request.set_local_dir("relative");
  const grpc::Status status = stub().Pull(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("not absolute"));
  EXPECT_TRUE(engine_.started().empty());
}

TEST_F(ServiceTest, AnUnknownPullIsNotFound) {
  grpc::ClientContext context;
  v1::GetPullRequest request;
  v1::GetPullResponse response;
  request.set_id("nope");
  const grpc::Status status = stub().GetPull(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no pull has the id nope");
}

TEST_F(ServiceTest, AnIdIsAskedFor) {
  for (const std::string& id : {std::string(), std::string(300, 'x')}) {
    grpc::ClientContext context;
    v1::GetPullRequest request;
    v1::GetPullResponse response;
    request.set_id(id);
    EXPECT_EQ(stub().GetPull(&context, request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(ServiceTest, GetsAPull) {
  engine_.Add(APull("p1"));
  grpc::ClientContext context;
  v1::GetPullRequest request;
  v1::GetPullResponse response;
  request.set_id("p1");
  ASSERT_TRUE(stub().GetPull(&context, request, &response).ok());
  EXPECT_EQ(response.pull().repo(), "org/model");
}

TEST_F(ServiceTest, ListsPullsWithoutTheirPlans) {
  engine::PullSnapshot pull = APull("p1");
  pull.plan = {{"a", 1, false}};
  engine_.Add(pull);
  engine_.Add(APull("p2", core::PullState::kDone));
  for (const bool active_only : {false, true}) {
    grpc::ClientContext context;
    v1::ListPullsRequest request;
    v1::ListPullsResponse response;
    request.set_active_only(active_only);
    ASSERT_TRUE(stub().ListPulls(&context, request, &response).ok());
    EXPECT_EQ(response.pulls_size(), active_only ? 1 : 2);
    EXPECT_EQ(response.pulls(0).plan_size(), 0);
  }
}

TEST_F(ServiceTest, CancelsAndPassesOnWhatToDoWithPartials) {
  engine_.Add(APull("p1", core::PullState::kCancelled));
  grpc::ClientContext context;
  v1::CancelPullRequest request;
  v1::CancelPullResponse response;
  request.set_id("p1");
  request.set_discard_partial(true);
  ASSERT_TRUE(stub().CancelPull(&context, request, &response).ok());
  EXPECT_EQ(response.pull().state(), v1::PULL_STATE_CANCELLED);
  EXPECT_THAT(engine_.cancelled(), ElementsAre(Pair("p1", true)));
}

TEST_F(ServiceTest, ListsSourcesInOrder) {
  engine::SourceSnapshot source;
  source.name = "tuna";
  engine_.AddSource(source);
  source.name = "official";
  engine_.AddSource(source);
  grpc::ClientContext context;
  v1::ListSourcesResponse response;
  ASSERT_TRUE(stub().ListSources(&context, {}, &response).ok());
  ASSERT_EQ(response.sources_size(), 2);
  EXPECT_EQ(response.sources(0).name(), "tuna");
  EXPECT_EQ(response.sources(1).name(), "official");
}

TEST_F(ServiceTest, TellsTheDaemonsUserItsFigures) {
  engine_.SetStats(SomeStats());
  grpc::ClientContext context;
  v1::GetStatsResponse response;
  ASSERT_TRUE(stub().GetStats(&context, {}, &response).ok());
  EXPECT_EQ(response.sources(0).received_bytes(), 101);
}

TEST_F(ServiceTest, SaysWhoseTokenItIs) {
  engine::AccountAnswer answer;
  answer.account = hub::Account{"alice", "Alice", "a@example.org", "user", {"acme"}, "laptop", "read"};
  answer.source = "official";
  answer.token_hint = "hf_…1a2b";
  engine_.SetAccount(answer);
  grpc::ClientContext context;
  v1::WhoAmIRequest request;
  v1::WhoAmIResponse response;
  request.set_token(" hf_abc\n");
  ASSERT_TRUE(stub().WhoAmI(&context, request, &response).ok());
  EXPECT_THAT(engine_.asked_whose(), ElementsAre(Secret("hf_abc")));
  EXPECT_FALSE(response.has_error());
  EXPECT_EQ(response.name(), "alice");
  EXPECT_EQ(response.full_name(), "Alice");
  EXPECT_EQ(response.email(), "a@example.org");
  EXPECT_THAT(response.orgs(), ElementsAre("acme"));
  EXPECT_EQ(response.token_name(), "laptop");
  EXPECT_EQ(response.token_role(), "read");
  EXPECT_EQ(response.token_hint(), "hf_…1a2b");
  EXPECT_EQ(response.source(), "official");
}

TEST_F(ServiceTest, ARefusedTokenIsAnAnswerAndABadOneIsNot) {
  engine::AccountAnswer answer;
  answer.error.cause = core::ErrorCause::kUnauthorized;
  answer.error.message = "refused";
  engine_.SetAccount(answer);
  v1::WhoAmIRequest request;
  v1::WhoAmIResponse response;
  grpc::ClientContext c1, c2;
  ASSERT_TRUE(stub().WhoAmI(&c1, request, &response).ok());
  EXPECT_EQ(response.error().cause(), v1::ERROR_CAUSE_UNAUTHORIZED);
  request.set_token("hf_a\r\nHost: evil");
  const grpc::Status status = stub().WhoAmI(&c2, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message().find("evil"), std::string::npos);
}

TEST_F(ServiceTest, AQuestionToTheNetDoesNotHoldUpTheEnd) {
  v1::WhoAmIRequest request;
  v1::WhoAmIResponse response;
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub().AsyncWhoAmI(&context, request, &queue);
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  while (engine_.asked_whose().empty()) absl::SleepFor(absl::Milliseconds(1));
  server_->Drain(absl::ZeroDuration());
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_FALSE(status.ok());
  engine_.AnswerAccounts({});  // too late, and without harm
}

TEST_F(ServiceTest, StreamsFindingsAfterTheEnvironment) {
  hub::Finding finding;
  finding.severity = hub::Severity::kProblem;
  finding.check = "tls";
  finding.cause = "tls-interception";
  finding.subject = "official";
  finding.message = "m";
  finding.evidence = "bad \xff byte";
  finding.fix = "f";
  engine_.AddFinding(finding);
  finding.severity = hub::Severity::kOk;
  finding.check = "pull";
  engine_.AddFinding(finding);
  v1::DiagnoseRequest request;
  request.set_repo("datasets/org/data");
  request.set_token(" hf_abc\n");
  request.set_token_is_ambient(true);
  request.set_token_origin("HF_TOKEN");
  grpc::ClientContext context;
  const auto reader = stub().Diagnose(&context, request);
  v1::DiagnoseResponse first, second, third, none;
  ASSERT_TRUE(reader->Read(&first));
  EXPECT_EQ(first.environment().at("HF_ENDPOINT"), "https://hub.example");
  EXPECT_FALSE(first.has_finding());
  ASSERT_TRUE(reader->Read(&second));
  EXPECT_EQ(second.finding().severity(), v1::Finding::SEVERITY_PROBLEM);
  EXPECT_EQ(second.finding().cause(), "tls-interception");
  EXPECT_EQ(second.finding().evidence(), "bad \xEF\xBF\xBD byte");
  ASSERT_TRUE(reader->Read(&third));
  EXPECT_EQ(third.finding().check(), "pull");
  EXPECT_FALSE(reader->Read(&none));
  EXPECT_TRUE(reader->Finish().ok());
  const engine::DiagnoseSpec spec = engine_.diagnosed().front();
  EXPECT_EQ(spec.repo->name, "org/data");
  EXPECT_EQ(spec.repo->type, hub::RepoType::kDataset);
  EXPECT_EQ(spec.token.Reveal(), "hf_abc");
  EXPECT_TRUE(spec.token_is_ambient);
  EXPECT_EQ(spec.token_origin, "HF_TOKEN");
}

TEST_F(ServiceTest, ADiagnosisIsCheckedAsAPullIs) {
  const auto status_of = [this](const v1::DiagnoseRequest& request) {
    grpc::ClientContext context;
    const auto reader = stub().Diagnose(&context, request);
    v1::DiagnoseResponse response;
    while (reader->Read(&response)) {
    }
    return reader->Finish().error_code();
  };
  v1::DiagnoseRequest request;
  EXPECT_EQ(status_of(request), grpc::StatusCode::OK) << "no repo is none";
  EXPECT_FALSE(engine_.diagnosed().front().repo);
  request.set_repo("../etc");
  EXPECT_EQ(status_of(request), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_repo("org/model");
  request.set_cache_dir("relative");
  EXPECT_EQ(status_of(request), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(engine_.diagnosed().size(), 1u);
}

TEST_F(ServiceTest, ADiagnosisEndsWithTheServer) {
  engine_.Hold();
  grpc::ClientContext context;
  const auto reader = stub().Diagnose(&context, {});
  v1::DiagnoseResponse response;
  ASSERT_TRUE(reader->Read(&response));
  server_->Drain(absl::ZeroDuration());
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_FALSE(reader->Finish().ok());
}

TEST_F(ServiceTest, SaysWhoItIs) {
  grpc::ClientContext context;
  v1::GetVersionResponse response;
  ASSERT_TRUE(stub().GetVersion(&context, {}, &response).ok());
  EXPECT_EQ(response.version(), "1.2.3");
  EXPECT_EQ(response.api(), kApiVersion);
  EXPECT_EQ(response.pid(), 42);
  EXPECT_EQ(response.socket(), "/s");
  EXPECT_EQ(response.state_dir(), "/state");
  EXPECT_EQ(response.log_file(), "/state/log");
  EXPECT_TRUE(response.logs_to_journal());
  EXPECT_EQ(response.cache_dir(), "/cache");
  EXPECT_EQ(response.started().seconds(), 7);
}

TEST_F(ServiceTest, AQuestionThatTheEngineDropsIsUnavailable) {
  engine_.Hold();
  v1::GetPullRequest request;
  v1::GetPullResponse response;
  request.set_id("p1");
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub().AsyncGetPull(&context, request, &queue);
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  engine_.AwaitHeld(1);
  engine_.DropHeld();
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServiceTest, EverythingIsUnavailableOnceItDrains) {
  engine_.Add(APull("p1"));
  service_.BeginDrain();
  v1::GetPullRequest request;
  request.set_id("p1");
  v1::GetPullResponse got;
  grpc::ClientContext c1, c2, c3;
  EXPECT_EQ(stub().GetPull(&c1, request, &got).error_code(), grpc::StatusCode::UNAVAILABLE);
  v1::GetVersionResponse version;
  EXPECT_EQ(stub().GetVersion(&c2, {}, &version).error_code(), grpc::StatusCode::UNAVAILABLE);
  v1::WatchPullRequest watch;
  watch.set_id("p1");
  EXPECT_EQ(stub().WatchPull(&c3, watch)->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServiceTest, ARequestBeyondTheLimitIsRefused) {
  v1::PullRequest request;
  request.set_repo("org/model");
  request.set_revision(std::string(kMaxRequestBytes, 'r'));
  grpc::ClientContext context;
  v1::PullResponse response;
  EXPECT_EQ(stub().Pull(&context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace hfget::rpc
