#include "cli/client.h"

#include <grpc/support/log.h>

#include <cstdlib>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/error_detail.h"

namespace hfget::cli {
namespace {

// Milliseconds, unless the machine is starved: a daemon is called dead only when it is.
constexpr absl::Duration kShort = absl::Seconds(20);
// Listing what exists and recording a pull take milliseconds; a disk that is busy with other things
// may take its time.
constexpr absl::Duration kLong = absl::Seconds(60);
// Several requests to each source, some of which never answer.
constexpr absl::Duration kProbe = absl::Minutes(3);

// gRPC parses the target as a URI.
std::string Target(const std::string& socket) {
  std::string target = "unix:";
  for (const char c : socket) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                       absl::StrContains("/-._~", absl::string_view(&c, 1));
    if (plain) {
      target += c;
    } else {
      absl::StrAppendFormat(&target, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return target;
}

// gRPC's own log lines are for its developers. GRPC_VERBOSITY brings them back.
void SilenceGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  SilenceGrpc();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // a plan of a large repo passes 4 MiB
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Else a new channel inherits the pause that a failed connection to the same socket has earned.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

template <typename Response>
absl::StatusOr<v1::Pull> PullOf(absl::StatusOr<Response> response) {
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_pull());
}

}  // namespace

absl::Status ToAbslStatus(const grpc::Status& status, absl::string_view socket) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  const std::optional<v1::Error> detail = DetailOf(status);
  // What the daemon says of hubs has the same codes as what gRPC says of the daemon.
  if (detail && detail->cause() != v1::ERROR_CAUSE_UNAVAILABLE) return WithDetail(absl::Status(code, status.error_message()), *detail);
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return absl::OkStatus();
    case grpc::StatusCode::UNAVAILABLE:
      return absl::Status(code, absl::StrCat("the daemon at ", socket, " is not available (",
                                             status.error_message(), "): try again"));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::Status(
          code, absl::StrCat("the daemon at ", socket,
                             " does not answer: hfget daemon stop && hfget daemon start"));
    case grpc::StatusCode::UNIMPLEMENTED:
      if (!status.error_message().empty()) return absl::Status(code, status.error_message());
      return absl::Status(code, absl::StrCat("the daemon at ", socket,
                                             " is older than this command: hfget daemon stop && hfget daemon start"));
    default:
      return absl::Status(code, status.error_message());
  }
}

Client::Client(const std::string& socket)
    : socket_(socket), stub_(v1::Hfget::NewStub(MakeChannel(Target(socket), grpc::InsecureChannelCredentials()))) {}

Client::Client(const std::string& address, const Access& access)
    : socket_(address), token_(access.token), stub_(v1::Hfget::NewStub(MakeChannel(address, access.credentials))) {}

void Client::Sign(grpc::ClientContext* context) const {
  if (!token_.empty()) context->AddMetadata("authorization", absl::StrCat("Bearer ", token_));
}

template <typename Request, typename Response>
absl::StatusOr<Response> Client::Call(grpc::Status (v1::Hfget::Stub::*method)(grpc::ClientContext*,
                                                                              const Request&,
                                                                              Response*),
                                      const Request& request, absl::Duration timeout) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  Sign(&context);
  Response response;
  const absl::Status status = ToAbslStatus((*stub_.*method)(&context, request, &response), socket_);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::GetVersionResponse> Client::GetVersion() {
  return Call(&v1::Hfget::Stub::GetVersion, v1::GetVersionRequest(), kShort);
}

absl::StatusOr<v1::PullResponse> Client::Pull(const v1::PullRequest& request) {
  return Call(&v1::Hfget::Stub::Pull, request, kLong);
}

absl::StatusOr<v1::ListPullsResponse> Client::ListPulls(bool active_only, const v1::PullFilter& filter) {
  constexpr int kPage = 100;  // a pull that is under way may have some KiB
  v1::ListPullsRequest request;
  request.set_active_only(active_only);
  *request.mutable_filter() = filter;
  request.set_page_size(kPage);
  v1::ListPullsResponse all;
  do {
    absl::StatusOr<v1::ListPullsResponse> page = Call(&v1::Hfget::Stub::ListPulls, request, kLong);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  return all;
}

absl::StatusOr<v1::Pull> Client::PausePull(const std::string& id) {
  v1::PausePullRequest request;
  request.set_id(id);
  return PullOf(Call(&v1::Hfget::Stub::PausePull, request, kLong));
}

absl::StatusOr<v1::Pull> Client::ResumePull(const std::string& id) {
  v1::ResumePullRequest request;
  request.set_id(id);
  return PullOf(Call(&v1::Hfget::Stub::ResumePull, request, kLong));
}

absl::StatusOr<v1::Pull> Client::RetryPull(const std::string& id) {
  v1::RetryPullRequest request;
  request.set_id(id);
  return PullOf(Call(&v1::Hfget::Stub::RetryPull, request, kLong));
}

absl::Status Client::RemovePull(const std::string& id) {
  v1::RemovePullRequest request;
  request.set_id(id);
  return Call(&v1::Hfget::Stub::RemovePull, request, kLong).status();
}

absl::StatusOr<v1::Pull> Client::CancelPull(const std::string& id, bool discard_partial) {
  v1::CancelPullRequest request;
  request.set_id(id);
  request.set_discard_partial(discard_partial);
  return PullOf(Call(&v1::Hfget::Stub::CancelPull, request, kLong));
}

absl::StatusOr<v1::ListSourcesResponse> Client::ListSources() {
  return Call(&v1::Hfget::Stub::ListSources, v1::ListSourcesRequest(), kLong);
}

absl::StatusOr<v1::GetStatsResponse> Client::GetStats() {
  return Call(&v1::Hfget::Stub::GetStats, v1::GetStatsRequest(), kLong);
}

absl::StatusOr<v1::GetPieceMapResponse> Client::GetPieceMap(const std::string& id, int most_cells) {
  v1::GetPieceMapRequest request;
  request.set_id(id);
  request.set_most_cells(most_cells);
  return Call(&v1::Hfget::Stub::GetPieceMap, request, kLong);
}

absl::StatusOr<v1::ExplainSourceResponse> Client::ExplainSource(const std::string& name) {
  v1::ExplainSourceRequest request;
  request.set_name(name);
  return Call(&v1::Hfget::Stub::ExplainSource, request, kLong);
}

absl::StatusOr<v1::SetSourceResponse> Client::SetSource(const std::string& name,
                                                        v1::SetSourceRequest::Change change) {
  v1::SetSourceRequest request;
  request.set_name(name);
  request.set_change(change);
  return Call(&v1::Hfget::Stub::SetSource, request, kLong);
}

absl::StatusOr<v1::ProbeSourceResponse> Client::ProbeSource(const std::string& name) {
  v1::ProbeSourceRequest request;
  request.set_name(name);
  return Call(&v1::Hfget::Stub::ProbeSource, request, kProbe);
}

absl::StatusOr<v1::WhoAmIResponse> Client::WhoAmI(const std::string& token) {
  v1::WhoAmIRequest request;
  request.set_token(token);
  return Call(&v1::Hfget::Stub::WhoAmI, request, kLong);
}

std::unique_ptr<grpc::ClientReader<v1::DiagnoseResponse>> Client::Diagnose(
    grpc::ClientContext* context, const v1::DiagnoseRequest& request) {
  Sign(context);
  return stub_->Diagnose(context, request);
}

std::unique_ptr<grpc::ClientReader<v1::VerifyRepoResponse>> Client::VerifyRepo(grpc::ClientContext* context,
                                                                               const v1::VerifyRepoRequest& request) {
  Sign(context);
  return stub_->VerifyRepo(context, request);
}

std::unique_ptr<grpc::ClientReader<v1::BenchSourcesResponse>> Client::BenchSources(grpc::ClientContext* context,
                                                                                   const v1::BenchSourcesRequest& request) {
  Sign(context);
  return stub_->BenchSources(context, request);
}

absl::StatusOr<std::vector<v1::BenchPoint>> Client::GetBenchHistory(const v1::GetBenchHistoryRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kLong));
  Sign(&context);
  const auto reader = stub_->GetBenchHistory(&context, request);
  std::vector<v1::BenchPoint> points;
  v1::GetBenchHistoryResponse response;
  while (reader->Read(&response)) points.insert(points.end(), response.points().begin(), response.points().end());
  const absl::Status status = ToAbslStatus(reader->Finish(), socket_);
  if (!status.ok()) return status;
  return points;
}

std::unique_ptr<grpc::ClientReader<v1::WatchPullResponse>> Client::WatchPull(
    grpc::ClientContext* context, const std::string& id) {
  v1::WatchPullRequest request;
  request.set_id(id);
  Sign(context);
  return stub_->WatchPull(context, request);
}

}  // namespace hfget::cli
