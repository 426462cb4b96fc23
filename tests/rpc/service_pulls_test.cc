// What schedulers ask of pulls: terms, waiting, watching all, pages, many at once, and errors that programs can read.
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServicePullsTest : public RpcFixture {
 protected:
  static v1::PullRequest Request(v1::PullRequest::Wait wait = v1::PullRequest::WAIT_UNSPECIFIED) {
    v1::PullRequest request;
    request.set_repo("org/model");
    request.set_wait(wait);
    return request;
  }
  // The error of a refused request.
  grpc::Status Refusal(const v1::PullRequest& request) {
    grpc::ClientContext context;
    v1::PullResponse response;
    return stub().Pull(&context, request, &response);
  }
  static engine::PullSnapshot Changed(const std::string& id, int64_t change, core::PullState state = core::PullState::kFetching) {
    engine::PullSnapshot pull = APull(id, state);
    pull.change = change;
    return pull;
  }
};

constexpr char kId[] = "org/model@main";  // of FakeEngineApi

TEST_F(ServicePullsTest, TheTermsReachTheEngine) {
  v1::PullRequest request = Request();
  request.set_request_id("slurm:4711/7");
  request.set_priority(-7);
  request.mutable_deadline()->set_seconds(absl::ToUnixSeconds(absl::Now()) + 3600);
  (*request.mutable_labels())["team"] = "nlp";
  grpc::ClientContext context;
  v1::PullResponse response;
  ASSERT_TRUE(stub().Pull(&context, request, &response).ok());
  const engine::PullSpec spec = engine_.started().at(0);
  EXPECT_EQ(spec.request_id, "slurm:4711/7");
  EXPECT_EQ(spec.terms.priority, -7);
  EXPECT_EQ(absl::ToUnixSeconds(spec.terms.deadline), request.deadline().seconds());
  EXPECT_EQ(spec.terms.labels.at("team"), "nlp");
  EXPECT_FALSE(spec.bound);
}

TEST_F(ServicePullsTest, TermsThatCannotBeAreRefusedWithTheRule) {
  struct Row {
    const char* what;
    std::function<void(v1::PullRequest&)> spoil;
    const char* words;
  };
  const Row rows[] = {
      {"spaces in the id", [](auto& r) { r.set_request_id("a b"); }, "request id"},
      {"a long id", [](auto& r) { r.set_request_id(std::string(129, 'a')); }, "128"},
      {"priority", [](auto& r) { r.set_priority(101); }, "-100 to 100"},
      {"least priority", [](auto& r) { r.set_priority(std::numeric_limits<int32_t>::min()); }, "-100 to 100"},
      {"a deadline that has passed", [](auto& r) { r.mutable_deadline()->set_seconds(1); }, "1970-01-01T00:00:01Z has passed"},
      {"no time", [](auto& r) { r.mutable_deadline()->set_nanos(-1); }, "nanos"},
      {"a label without a key", [](auto& r) { (*r.mutable_labels())[""] = "x"; }, "label"},
      {"an odd key", [](auto& r) { (*r.mutable_labels())["a=b"] = "x"; }, "a=b"},
      {"a long value", [](auto& r) { (*r.mutable_labels())["a"] = std::string(256, 'x'); }, "256"},
      {"many labels", [](auto& r) { for (int i = 0; i < 33; ++i) (*r.mutable_labels())[std::to_string(i)] = ""; }, "33 labels"},
      {"an unknown wait", [](auto& r) { r.set_wait(static_cast<v1::PullRequest::Wait>(9)); }, "unknown wait 9"},
      {"no files to wait for", [](auto& r) { r.set_wait(v1::PullRequest::WAIT_FILES); }, "wait_files"},
      {"files without a wait", [](auto& r) { r.set_wait_files(2); }, "WAIT_FILES"},
      {"bound without a wait", [](auto& r) { r.set_cancel_on_disconnect(true); }, "cancel_on_disconnect"},
  };
  for (const Row& row : rows) {
    v1::PullRequest request = Request();
    row.spoil(request);
    const grpc::Status status = Refusal(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << row.what;
    EXPECT_THAT(status.error_message(), HasSubstr(row.words)) << row.what;
  }
  EXPECT_TRUE(engine_.started().empty());
}

TEST_F(ServicePullsTest, AnErrorSaysToProgramsWhatItIs) {
  v1::PullRequest request = Request();
  request.set_priority(1000);
  const grpc::Status status = Refusal(request);
  v1::RichStatus rich;
  ASSERT_TRUE(rich.ParseFromString(status.error_details()));
  EXPECT_EQ(rich.code(), status.error_code());
  EXPECT_EQ(rich.message(), status.error_message());
  ASSERT_EQ(rich.details_size(), 1);
  EXPECT_EQ(rich.details(0).type_url(), "type.googleapis.com/hfget.v1.Error");
  v1::Error error;
  ASSERT_TRUE(rich.details(0).UnpackTo(&error));
  EXPECT_EQ(error.cause(), v1::ERROR_CAUSE_INVALID);
  EXPECT_EQ(error.message(), status.error_message());
  EXPECT_FALSE(error.action().empty());
}

TEST_F(ServicePullsTest, ALongErrorFitsIntoAHeader) {
  v1::PullRequest request = Request();
  request.set_repo(std::string(60'000, 'x'));
  const grpc::Status status = Refusal(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
}

TEST_F(ServicePullsTest, AWaitEndsWithThePull) {
  v1::PullResponse response;
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    status = stub().Pull(&context, Request(v1::PullRequest::WAIT_DONE), &response);
  });
  engine_.AwaitWatches(1);
  engine_.Publish(APull(kId));
  engine_.Publish(APull(kId, core::PullState::kPaused));
  engine_.Publish(APull(kId, core::PullState::kFailed));
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.pull().state(), v1::PULL_STATE_FAILED);
}

TEST_F(ServicePullsTest, AWaitForFilesEndsWhenTheyAreThere) {
  v1::PullResponse response;
  std::thread caller([&] {
    grpc::ClientContext context;
    v1::PullRequest request = Request(v1::PullRequest::WAIT_FILES);
    request.set_wait_files(2);
    EXPECT_TRUE(stub().Pull(&context, request, &response).ok());
  });
  engine_.AwaitWatches(1);
  engine::PullSnapshot pull = APull(kId);
  for (pull.done_files = 0; pull.done_files <= 2; ++pull.done_files) engine_.Publish(pull);
  caller.join();
  EXPECT_EQ(response.pull().done_files(), 2);
  EXPECT_EQ(response.pull().state(), v1::PULL_STATE_FETCHING);
}

TEST_F(ServicePullsTest, AWaitEndsWhereATokenHasToBeBrought) {
  engine_.Add(APull(kId, core::PullState::kNeedsToken));
  std::thread caller([&] {
    grpc::ClientContext context;
    v1::PullResponse response;
    EXPECT_TRUE(stub().Pull(&context, Request(v1::PullRequest::WAIT_DONE), &response).ok());
    EXPECT_EQ(response.pull().state(), v1::PULL_STATE_NEEDS_TOKEN);
  });
  engine_.AwaitWatches(1);
  engine_.Publish(APull(kId, core::PullState::kNeedsToken));
  caller.join();
}

TEST_F(ServicePullsTest, WhoeverGoesLeavesThePullUnlessItIsBound) {
  for (const bool bound : {false, true}) {
    grpc::ClientContext context;
    std::thread caller([&] {
      v1::PullRequest request = Request(v1::PullRequest::WAIT_DONE);
      request.set_cancel_on_disconnect(bound);
      v1::PullResponse response;
      EXPECT_EQ(stub().Pull(&context, request, &response).error_code(), grpc::StatusCode::CANCELLED);
    });
    engine_.AwaitWatches(bound ? 2 : 1);
    context.TryCancel();
    caller.join();
  }
  engine_.AwaitActs(1);
  EXPECT_THAT(engine_.acts(), ElementsAre("release org/model@main"));
}

TEST_F(ServicePullsTest, TheEndOfTheDaemonIsNotTheCallersGoing) {
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    v1::PullRequest request = Request(v1::PullRequest::WAIT_DONE);
    request.set_cancel_on_disconnect(true);
    v1::PullResponse response;
    status = stub().Pull(&context, request, &response);
  });
  engine_.AwaitWatches(1);
  service_.BeginDrain();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(engine_.acts().empty());
}

TEST_F(ServicePullsTest, PausesResumesRetriesAndRemoves) {
  engine_.Add(APull("p1"));
  grpc::ClientContext c1, c2, c3, c4;
  v1::PausePullRequest pause;
  v1::PausePullResponse paused;
  v1::ResumePullRequest resume;
  v1::ResumePullResponse resumed;
  v1::RetryPullRequest retry;
  v1::RetryPullResponse retried;
  v1::RemovePullRequest remove;
  v1::RemovePullResponse removed;
  pause.set_id("p1"), resume.set_id("p1"), retry.set_id("p1"), remove.set_id("p1");
  EXPECT_TRUE(stub().PausePull(&c1, pause, &paused).ok());
  EXPECT_TRUE(stub().ResumePull(&c2, resume, &resumed).ok());
  EXPECT_TRUE(stub().RetryPull(&c3, retry, &retried).ok());
  EXPECT_TRUE(stub().RemovePull(&c4, remove, &removed).ok());
  EXPECT_EQ(paused.pull().id(), "p1");
  EXPECT_THAT(engine_.acts(), ElementsAre("pause p1", "resume p1", "retry p1", "remove p1"));
}

TEST_F(ServicePullsTest, ManyAreAskedForAtOnce) {
  v1::PrefetchRequest request;
  *request.add_pulls() = Request();
  request.add_pulls()->set_repo("a/b/c/d");
  *request.add_pulls() = Request(v1::PullRequest::WAIT_DONE);
  for (const bool all_or_nothing : {false, true}) {
    grpc::ClientContext context;
    v1::PrefetchResponse response;
    request.set_all_or_nothing(all_or_nothing);
    ASSERT_TRUE(stub().Prefetch(&context, request, &response).ok());
    ASSERT_EQ(response.results_size(), 3);
    EXPECT_EQ(response.results(0).has_pull(), !all_or_nothing);
    EXPECT_FALSE(response.results(0).has_error());
    EXPECT_EQ(response.results(1).error().cause(), v1::ERROR_CAUSE_INVALID);
    EXPECT_THAT(response.results(2).error().message(), HasSubstr("waits for no pull"));
  }
  grpc::ClientContext context;
  v1::PrefetchResponse response;
  EXPECT_EQ(stub().Prefetch(&context, {}, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServicePullsTest, AListComesInPages) {
  for (int i = 1; i <= 5; ++i) engine_.Add(APull(std::to_string(i)));
  std::vector<std::string> ids;
  v1::ListPullsRequest request;
  request.set_page_size(2);
  int pages = 0;
  do {
    grpc::ClientContext context;
    v1::ListPullsResponse response;
    ASSERT_TRUE(stub().ListPulls(&context, request, &response).ok());
    for (const auto& pull : response.pulls()) ids.push_back(pull.id());
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, ElementsAre("5", "4", "3", "2", "1"));
  EXPECT_EQ(pages, 3);
}

TEST_F(ServicePullsTest, PagesThatCannotBeAreRefused) {
  for (const auto& [size, token] : std::vector<std::pair<int, std::string>>{{-1, ""}, {1001, ""}, {1, "x"}, {1, "1-"}, {1, "1--5"}, {1, "2-5"}}) {
    grpc::ClientContext context;
    v1::ListPullsRequest request;
    v1::ListPullsResponse response;
    request.set_page_size(size);
    request.set_page_token(token);
    EXPECT_EQ(stub().ListPulls(&context, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT) << size << token;
  }
}

TEST_F(ServicePullsTest, AWatchOfOneDoesNotRepeatWhatIsKnown) {
  engine_.Add(Changed("p1", 7));
  grpc::ClientContext context;
  v1::WatchPullRequest request;
  request.set_id("p1");
  request.set_resume_token("1-7");
  auto reader = stub().WatchPull(&context, request);
  engine_.AwaitWatches(1);
  engine_.Publish(Changed("p1", 8, core::PullState::kDone));
  v1::WatchPullResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.resume_token(), "1-8");
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(ServicePullsTest, AWatchOfAllSaysWhereItStandsAndIsResumedThere) {
  engine_.SetBegin({41, true});
  grpc::ClientContext context;
  v1::WatchPullsRequest request;
  request.set_resume_token("1-40");
  (*request.mutable_filter()->mutable_labels())["team"] = "nlp";
  auto reader = stub().WatchPulls(&context, request);
  v1::WatchPullsResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_FALSE(response.has_pull());
  EXPECT_EQ(response.resume_token(), "1-41");
  EXPECT_TRUE(response.incomplete());
  engine_.AwaitWatches(1);
  EXPECT_EQ(engine_.watched_all().at(0).second, 40);
  EXPECT_EQ(engine_.watched_all().at(0).first.labels.at("team"), "nlp");
  engine_.Publish(Changed("p1", 50));
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.pull().id(), "p1");
  EXPECT_EQ(response.resume_token(), "1-50");
  engine_.Publish(Changed("p0", 12));  // progress of one that changed long ago takes the place nowhere back
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.resume_token(), "1-50");
  service_.BeginDrain();
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

// It reads nothing until all is over: then it gets each pull once, in the order of the changes, and every end.
TEST_F(ServicePullsTest, ASlowReaderOfAllGetsTheLastOfEach) {
  grpc::ClientContext context;
  auto reader = stub().WatchPulls(&context, {});
  engine_.AwaitWatches(1);
  constexpr int kPulls = 200, kRounds = 200;
  int64_t change = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kPulls; ++i) {
      engine::PullSnapshot pull = Changed(std::to_string(i), ++change, round + 1 < kRounds ? core::PullState::kFetching : core::PullState::kDone);
      pull.notices = {std::string(500, 'x')};
      engine_.Publish(std::move(pull));
    }
  }
  std::map<std::string, v1::PullState> last;
  int64_t messages = 0, told = 0;
  v1::WatchPullsResponse response;
  while (told < change && reader->Read(&response)) {
    ++messages;
    int64_t place = 0;
    ASSERT_TRUE(absl::SimpleAtoi(response.resume_token().substr(2), &place));
    EXPECT_GE(place, told);
    told = place;
    if (response.has_pull()) last[response.pull().id()] = response.pull().state();
  }
  EXPECT_EQ(last.size(), size_t{kPulls});
  for (const auto& [id, state] : last) EXPECT_EQ(state, v1::PULL_STATE_DONE) << id;
  EXPECT_LT(messages, kPulls * kRounds / 2);
  context.TryCancel();
}

// Two pulls whose progress is told faster than it reads.
TEST_F(ServicePullsTest, AReaderThatIsSlowerThanTheProgressHearsOfEveryEnd) {
  grpc::ClientContext context;
  auto reader = stub().WatchPulls(&context, {});
  engine_.AwaitWatches(1);
  const auto progress = [this] {
    for (const auto& [id, change] : std::map<std::string, int64_t>{{"p1", 5}, {"p2", 6}}) {
      engine::PullSnapshot pull = Changed(id, change);
      pull.notices = {std::string(100'000, 'x')};
      engine_.Publish(std::move(pull));
    }
  };
  for (int i = 0; i < 500; ++i) progress();
  engine_.Publish(Changed("p3", 100, core::PullState::kDone));
  v1::WatchPullsResponse response;
  int messages = 0;
  while (response.pull().id() != "p3" && messages < 2000 && reader->Read(&response)) {
    ++messages;
    progress();
  }
  EXPECT_EQ(response.pull().state(), v1::PULL_STATE_DONE);
  EXPECT_EQ(response.resume_token(), "1-100");
  context.TryCancel();
}

// --- the map of its pieces

TEST_F(ServicePullsTest, APieceMapTellsOfEachCellWhatIsThereAndWho) {
  engine_.Add(APull("p1"));
  v1::GetPieceMapRequest request;
  request.set_id("p1");
  request.set_most_cells(2);
  grpc::ClientContext context;
  v1::GetPieceMapResponse map;
  ASSERT_TRUE(stub().GetPieceMap(&context, request, &map).ok());
  EXPECT_THAT(map.sources(), ElementsAre("official", "tuna"));
  ASSERT_EQ(map.files_size(), 1);
  const v1::FilePieces& file = map.files(0);
  EXPECT_EQ(file.path(), "a.bin");
  EXPECT_EQ(file.size_bytes(), file.pieces() * file.piece_bytes());
  EXPECT_THAT(file.done_percent(), ElementsAre(50, 0));
  EXPECT_THAT(file.in_flight(), ElementsAre(true, false));
  EXPECT_THAT(file.source(), ElementsAre(2, 0));  // tuna; nobody
}

TEST_F(ServicePullsTest, APieceMapHasAsManyCellsAsCanBeSent) {
  engine_.Add(APull("p1"));
  const auto ask = [this](const std::string& id, int cells, v1::GetPieceMapResponse* map) {
    v1::GetPieceMapRequest request;
    request.set_id(id);
    request.set_most_cells(cells);
    grpc::ClientContext context;
    return stub().GetPieceMap(&context, request, map);
  };
  v1::GetPieceMapResponse map;
  ASSERT_TRUE(ask("p1", 0, &map).ok());
  EXPECT_EQ(map.files(0).source_size(), 256);
  ASSERT_TRUE(ask("p1", 4096, &map).ok());
  EXPECT_EQ(map.files(0).source_size(), 4096);
  for (const int wrong : {-1, 4097}) {
    const grpc::Status refused = ask("p1", wrong, &map);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(refused.error_message(), HasSubstr("1 to 4096"));
  }
  EXPECT_EQ(ask("none", 0, &map).error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace hfget::rpc
