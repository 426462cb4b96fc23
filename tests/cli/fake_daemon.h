// A daemon on a real socket that says what a test wants, and the processes that would start and
// stop it.
#ifndef HFGET_TESTS_CLI_FAKE_DAEMON_H_
#define HFGET_TESTS_CLI_FAKE_DAEMON_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cli/processes.h"
#include "hfget/v1/hfget.grpc.pb.h"

namespace hfget::cli::testing {

class FakeDaemon : public v1::Hfget::Service {
 public:
  using Writer = grpc::ServerWriter<v1::WatchPullResponse>;

  explicit FakeDaemon(std::string socket) : socket_(std::move(socket)) {
    version.set_version(HFGET_VERSION);
    version.set_api(1);
    version.set_pid(4242);
  }
  ~FakeDaemon() override { Stop(); }

  void Start() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  void Stop() {
    if (server_ != nullptr) server_->Shutdown(absl::ToChronoTime(absl::Now()));
    server_.reset();
  }

  // What it answers. Set before Start, or by the handlers.
  v1::GetVersionResponse version;
  grpc::Status version_status;
  std::function<grpc::Status(const v1::PullRequest&, v1::PullResponse*)> on_pull;
  // `call` counts from 1.
  std::function<grpc::Status(int call, const std::string& id, Writer*)> on_watch;
  std::function<grpc::Status(const v1::CancelPullRequest&, v1::Pull*)> on_cancel;
  v1::ListPullsResponse pulls;
  v1::ListSourcesResponse sources;
  v1::GetStatsResponse stats;
  grpc::Status stats_status;
  v1::GetPieceMapResponse piece_map;
  grpc::Status map_status;
  std::vector<v1::GetPieceMapRequest> mapped;
  std::vector<std::pair<std::string, v1::SetSourceRequest::Change>> changes;
  v1::WhoAmIResponse account;
  std::vector<v1::Finding> findings;  // of a diagnosis
  std::map<std::string, std::string> environment;
  std::vector<v1::VerifyRepoResponse> verification;
  grpc::Status verify_status;
  // `call` counts from 1.
  std::function<grpc::Status(int call, grpc::ServerWriter<v1::BenchSourcesResponse>*)> on_bench;
  std::vector<v1::BenchPoint> bench_points;
  // What it was asked.
  std::vector<v1::BenchSourcesRequest> benches;
  v1::GetBenchHistoryRequest asked_history;
  std::vector<v1::VerifyRepoRequest> verified;
  v1::DiagnoseRequest diagnosed;
  std::vector<v1::PullRequest> pull_requests;
  std::vector<std::string> asked_whose;
  int watches = 0;
  bool listed_active_only = false;
  v1::PullFilter listed;
  std::vector<std::string> acts;  // "pause ID", "resume ID", "retry ID", "remove ID"
  std::string refused;            // the id of which all of these are refused

 private:
  grpc::Status GetVersion(grpc::ServerContext*, const v1::GetVersionRequest*,
                          v1::GetVersionResponse* response) override {
    *response = version;
    return version_status;
  }
  grpc::Status Pull(grpc::ServerContext*, const v1::PullRequest* request,
                    v1::PullResponse* response) override {
    pull_requests.push_back(*request);
    return on_pull(*request, response);
  }
  grpc::Status WatchPull(grpc::ServerContext*, const v1::WatchPullRequest* request,
                         Writer* writer) override {
    return on_watch(++watches, request->id(), writer);
  }
  grpc::Status Diagnose(grpc::ServerContext*, const v1::DiagnoseRequest* request,
                        grpc::ServerWriter<v1::DiagnoseResponse>* writer) override {
    diagnosed = *request;
    v1::DiagnoseResponse first;
    for (const auto& [name, value] : environment) (*first.mutable_environment())[name] = value;
    writer->Write(first);
    for (const v1::Finding& finding : findings) {
      v1::DiagnoseResponse response;
      *response.mutable_finding() = finding;
      writer->Write(response);
    }
    return grpc::Status::OK;
  }
  grpc::Status VerifyRepo(grpc::ServerContext*, const v1::VerifyRepoRequest* request,
                          grpc::ServerWriter<v1::VerifyRepoResponse>* writer) override {
    verified.push_back(*request);
    for (const v1::VerifyRepoResponse& response : verification) writer->Write(response);
    return verify_status;
  }
  grpc::Status BenchSources(grpc::ServerContext*, const v1::BenchSourcesRequest* request,
                            grpc::ServerWriter<v1::BenchSourcesResponse>* writer) override {
    benches.push_back(*request);
    return on_bench(static_cast<int>(benches.size()), writer);
  }
  grpc::Status GetBenchHistory(grpc::ServerContext*, const v1::GetBenchHistoryRequest* request,
                               grpc::ServerWriter<v1::GetBenchHistoryResponse>* writer) override {
    asked_history = *request;
    for (const v1::BenchPoint& point : bench_points) {  // one a message
      v1::GetBenchHistoryResponse response;
      *response.add_points() = point;
      writer->Write(response);
    }
    return grpc::Status::OK;
  }
  grpc::Status ListPulls(grpc::ServerContext*, const v1::ListPullsRequest* request,
                         v1::ListPullsResponse* response) override {
    listed_active_only = request->active_only();
    listed = request->filter();
    // Two a page.
    const int begin = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    for (int i = begin; i < pulls.pulls_size() && i < begin + 2; ++i) *response->add_pulls() = pulls.pulls(i);
    if (begin + 2 < pulls.pulls_size()) response->set_next_page_token(std::to_string(begin + 2));
    return grpc::Status::OK;
  }
  grpc::Status Act(const char* what, const std::string& id) {
    acts.push_back(std::string(what) + " " + id);
    if (id != refused) return grpc::Status::OK;
    return {grpc::StatusCode::FAILED_PRECONDITION, "not now"};
  }
  grpc::Status PausePull(grpc::ServerContext*, const v1::PausePullRequest* request, v1::PausePullResponse* response) override {
    response->mutable_pull()->set_id(request->id());
    return Act("pause", request->id());
  }
  grpc::Status ResumePull(grpc::ServerContext*, const v1::ResumePullRequest* request, v1::ResumePullResponse* response) override {
    response->mutable_pull()->set_id(request->id());
    return Act("resume", request->id());
  }
  grpc::Status RetryPull(grpc::ServerContext*, const v1::RetryPullRequest* request, v1::RetryPullResponse* response) override {
    response->mutable_pull()->set_id(request->id());
    return Act("retry", request->id());
  }
  grpc::Status RemovePull(grpc::ServerContext*, const v1::RemovePullRequest* request, v1::RemovePullResponse*) override {
    return Act("remove", request->id());
  }
  grpc::Status CancelPull(grpc::ServerContext*, const v1::CancelPullRequest* request,
                          v1::CancelPullResponse* response) override {
    return on_cancel(*request, response->mutable_pull());
  }
  grpc::Status WhoAmI(grpc::ServerContext*, const v1::WhoAmIRequest* request,
                      v1::WhoAmIResponse* response) override {
    asked_whose.push_back(request->token());
    *response = account;
    return grpc::Status::OK;
  }
  grpc::Status ListSources(grpc::ServerContext*, const v1::ListSourcesRequest*,
                           v1::ListSourcesResponse* response) override {
    *response = sources;
    return grpc::Status::OK;
  }
  grpc::Status GetPieceMap(grpc::ServerContext*, const v1::GetPieceMapRequest* request, v1::GetPieceMapResponse* response) override {
    mapped.push_back(*request);
    *response = piece_map;
    return map_status;
  }
  grpc::Status GetStats(grpc::ServerContext*, const v1::GetStatsRequest*, v1::GetStatsResponse* response) override {
    *response = stats;
    return stats_status;
  }
  grpc::Status ExplainSource(grpc::ServerContext*, const v1::ExplainSourceRequest* request,
                             v1::ExplainSourceResponse* response) override {
    for (const v1::Source& source : sources.sources()) {
      if (source.name() == request->name()) *response->mutable_source() = source;
    }
    if (response->source().name().empty()) return NoSource();
    v1::Explanation* line = response->add_lines();
    line->set_what("score");
    line->set_value("4.2 MiB/s");
    line->set_why("because");
    return grpc::Status::OK;
  }
  grpc::Status SetSource(grpc::ServerContext*, const v1::SetSourceRequest* request,
                         v1::SetSourceResponse* response) override {
    changes.emplace_back(request->name(), request->change());
    for (const v1::Source& source : sources.sources()) {
      if (source.name() == request->name()) *response->mutable_source() = source;
    }
    return response->source().name().empty() ? NoSource() : grpc::Status::OK;
  }
  grpc::Status ProbeSource(grpc::ServerContext*, const v1::ProbeSourceRequest* request,
                           v1::ProbeSourceResponse* response) override {
    for (const v1::Source& source : sources.sources()) {
      if (request->name().empty() || source.name() == request->name()) *response->add_sources() = source;
    }
    return response->sources().empty() ? NoSource() : grpc::Status::OK;
  }
  static grpc::Status NoSource() { return grpc::Status(grpc::StatusCode::NOT_FOUND, "no source is named so; there are tuna"); }

  const std::string socket_;
  std::unique_ptr<grpc::Server> server_;
};

class FakeProcesses : public Processes {
 public:
  explicit FakeProcesses(FakeDaemon* daemon) : daemon_(*daemon) {}

  absl::Status StartDaemon(const DaemonStart& start) override {
    starts.push_back(start);
    if (start_status.ok()) daemon_.Start();
    return start_status;
  }
  absl::Status Terminate(int64_t pid) override {
    terminated.push_back(pid);
    if (dies) daemon_.Stop();
    return absl::OkStatus();
  }
  bool IsRunning(int64_t pid) override { return !dies; }
  absl::Status Become(const std::vector<std::string>& words, const std::string& input) override {
    became = words;
    became_input = input;
    return become_status;
  }

  absl::Status start_status;
  bool dies = true;
  absl::Status become_status;  // OK: the other program ended
  std::vector<std::string> became;
  std::string became_input;
  std::vector<DaemonStart> starts;
  std::vector<int64_t> terminated;

 private:
  FakeDaemon& daemon_;
};

}  // namespace hfget::cli::testing

#endif  // HFGET_TESTS_CLI_FAKE_DAEMON_H_
