// Load on the API of a daemon, for bench/cases/load.py: many watchers, askers, pages, clients that come and go. Prints one JSON object.
//
//   api_load SOCKET start COUNT FOLDER REPO         starts pulls into FOLDER/0, FOLDER/1, …
//   api_load SOCKET watch KIND COUNT CONNECTIONS ID…  KIND: pull (COUNT streams of each), pulls (COUNT streams of all), deaf (as pull; never
//                                                   reads). Prints "ready" when each knows how things stand; ends when stdin does
//   api_load SOCKET ask SECONDS ID                  one call after another, 200 a second, each timed; what the daemon received meanwhile
//   api_load SOCKET pages SIZE brief|full ROUNDS    walks through ListPulls, each page timed
//   api_load SOCKET cancel                          all pulls that have not ended
//   api_load SOCKET visit CLIENTS SECONDS FOLDER REPO  so many at once, each on a connection of its own: Pull, watch a little, hang up
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "hfget/v1/hfget.grpc.pb.h"
#include "nlohmann/json.hpp"

namespace hfget::bench {
namespace {

using Json = nlohmann::json;
using Stub = v1::Hfget::Stub;
using Words = std::vector<std::string>;

int NumberOf(const std::string& word) {
  int number = 0;
  if (absl::SimpleAtoi(word, &number)) return number;
  std::fprintf(stderr, "api_load: \"%s\" is no number\n", word.c_str());
  std::exit(2);
}

void Check(const grpc::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "api_load: %s: %s\n", what, status.error_message().c_str());
  std::exit(1);
}

// On a connection of its own.
std::unique_ptr<Stub> Connect(const std::string& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return v1::Hfget::NewStub(grpc::CreateCustomChannel(absl::StrCat("unix:", socket), grpc::InsecureChannelCredentials(), arguments));
}

// Milliseconds. Keeps each.
class Times {
 public:
  void Add(absl::Duration took) { ms_.push_back(absl::ToDoubleMilliseconds(took)); }
  Json Show() {
    std::sort(ms_.begin(), ms_.end());
    return {{"n", ms_.size()}, {"p50_ms", At(0.5)}, {"p99_ms", At(0.99)}, {"max_ms", At(1)}};
  }
  void Take(const Times& other) { ms_.insert(ms_.end(), other.ms_.begin(), other.ms_.end()); }

 private:
  double At(double share) const { return ms_.empty() ? 0 : ms_[static_cast<size_t>(share * static_cast<double>(ms_.size() - 1) + 0.5)]; }
  std::vector<double> ms_;
};

// One call, timed.
template <typename Request, typename Response>
absl::Duration Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request,
                    Response* response) {
  grpc::ClientContext context;
  const absl::Time begin = absl::Now();
  Check((stub.*method)(&context, request, response), "a call");
  return absl::Now() - begin;
}

v1::PullRequest RequestFor(const std::string& repo, const std::string& folder) {
  v1::PullRequest request;
  request.set_repo(repo);
  request.set_local_dir(folder);
  return request;
}

// The pulls that have not ended.
v1::ListPullsResponse Open(Stub& stub) {
  v1::ListPullsRequest request;
  request.set_active_only(true);
  request.set_brief(true);
  v1::ListPullsResponse pulls;
  Call(stub, &Stub::ListPulls, request, &pulls);
  return pulls;
}

Json Start(const std::string& socket, const Words& words) {
  constexpr int kAtOnce = 1000;
  const auto stub = Connect(socket);
  const int count = NumberOf(words.at(0));
  Json ids = Json::array();
  const absl::Time begin = absl::Now();
  for (int first = 0; first < count; first += kAtOnce) {
    v1::PrefetchRequest request;
    for (int i = first; i < std::min(count, first + kAtOnce); ++i) *request.add_pulls() = RequestFor(words.at(2), absl::StrCat(words.at(1), "/", i));
    v1::PrefetchResponse response;
    Call(*stub, &Stub::Prefetch, request, &response);
    for (const auto& result : response.results()) {
      if (!result.has_pull()) Check(grpc::Status(grpc::StatusCode::UNKNOWN, result.error().message()), "a pull");
      ids.push_back(result.pull().id());
    }
  }
  return {{"ids", std::move(ids)}, {"took_s", absl::ToDoubleSeconds(absl::Now() - begin)}};
}

// What all streams of a `watch` have in common.
struct Crowd {
  const int first;              // messages that each is sent at once
  std::atomic<int> waiting{0};  // for these
  std::atomic<int> open{0};
};

// Reads as fast as it can, or never.
template <typename Request, typename Response>
class Stream final : public grpc::ClientReadReactor<Response> {
 public:
  Stream(Crowd& crowd, bool deaf) : crowd_(crowd), deaf_(deaf) {
    ++crowd_.waiting;
    ++crowd_.open;
  }

  using Method = void (Stub::async::*)(grpc::ClientContext*, const Request*, grpc::ClientReadReactor<Response>*);
  void Begin(Stub& stub, Method method, Request request) {
    request_ = std::move(request);
    (stub.async()->*method)(&context_, &request_, this);
    if (!deaf_) this->StartRead(&response_);
    this->StartCall();
  }
  void Cancel() { context_.TryCancel(); }

  void OnReadInitialMetadataDone(bool) override {
    if (deaf_) --crowd_.waiting;
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (++messages == crowd_.first) --crowd_.waiting;
    this->StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override { --crowd_.open; }

  std::atomic<int> messages{0};

 private:
  Crowd& crowd_;
  const bool deaf_;
  grpc::ClientContext context_;
  Request request_;
  Response response_;
};

template <typename Request, typename Response>
Json Watch(const std::vector<std::unique_ptr<Stub>>& stubs, typename Stream<Request, Response>::Method method,
           const std::vector<Request>& requests, int first, bool deaf) {
  Crowd crowd{first};
  std::deque<Stream<Request, Response>> streams;
  for (const Request& request : requests) {
    Stub& stub = *stubs[streams.size() % stubs.size()];
    streams.emplace_back(crowd, deaf).Begin(stub, method, request);
  }
  while (crowd.waiting > 0) absl::SleepFor(absl::Milliseconds(5));
  std::printf("ready\n");
  std::fflush(stdout);
  std::vector<int> before;
  for (const auto& stream : streams) before.push_back(stream.messages);
  const absl::Time begin = absl::Now();
  for (char ignored; read(STDIN_FILENO, &ignored, 1) > 0;) {
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  std::vector<double> rates;
  const int open = crowd.open;
  for (size_t i = 0; i < streams.size(); ++i) rates.push_back((streams[i].messages - before[i]) / seconds);
  std::sort(rates.begin(), rates.end());
  for (auto& stream : streams) stream.Cancel();
  while (crowd.open > 0) absl::SleepFor(absl::Milliseconds(5));
  return {{"streams", streams.size()}, {"open", open}, {"seconds", seconds}, {"least_per_s", rates.front()},
          {"median_per_s", rates[rates.size() / 2]}, {"most_per_s", rates.back()}};
}

Json WatchAs(const std::string& socket, const Words& words) {
  const std::string& kind = words.at(0);
  std::vector<std::unique_ptr<Stub>> stubs;
  for (int i = 0; i < NumberOf(words.at(2)); ++i) stubs.push_back(Connect(socket));
  if (kind == "pulls") {
    const std::vector<v1::WatchPullsRequest> requests(NumberOf(words.at(1)));
    return Watch<v1::WatchPullsRequest, v1::WatchPullsResponse>(stubs, &Stub::async::WatchPulls, requests, 1 + Open(*stubs[0]).pulls_size(), false);
  }
  std::vector<v1::WatchPullRequest> requests;
  for (int n = 0; n < NumberOf(words.at(1)); ++n) {
    for (size_t i = 3; i < words.size(); ++i) requests.emplace_back().set_id(words[i]);
  }
  return Watch<v1::WatchPullRequest, v1::WatchPullResponse>(stubs, &Stub::async::WatchPull, requests, 1, kind == "deaf");
}

int64_t Received(Stub& stub) {
  v1::GetStatsResponse stats;
  Call(stub, &Stub::GetStats, v1::GetStatsRequest(), &stats);
  int64_t bytes = 0;
  for (const auto& source : stats.sources()) bytes += source.received_bytes();
  return bytes;
}

Json Ask(const std::string& socket, const Words& words) {
  constexpr absl::Duration kEvery = absl::Milliseconds(5);
  const auto stub = Connect(socket);
  v1::GetPullRequest one;
  one.set_id(words.at(1));
  v1::ListPullsRequest page;
  page.set_page_size(50);
  page.set_brief(true);
  const int64_t received = Received(*stub);
  const absl::Time begin = absl::Now(), end = begin + absl::Seconds(NumberOf(words.at(0)));
  std::map<std::string, Times> times;
  int turn = 0;
  for (absl::Time next = begin; next < end; next = std::max(next + kEvery, absl::Now())) {
    absl::SleepFor(next - absl::Now());
    v1::GetPullResponse pull;
    v1::ListPullsResponse pulls;
    v1::GetVersionResponse version;
    switch (turn++ % 3) {
      case 0:
        times["GetPull"].Add(Call(*stub, &Stub::GetPull, one, &pull));
        break;
      case 1:
        times["ListPulls"].Add(Call(*stub, &Stub::ListPulls, page, &pulls));
        break;
      default:
        times["GetVersion"].Add(Call(*stub, &Stub::GetVersion, v1::GetVersionRequest(), &version));
    }
  }
  Json answer;
  Times all;
  for (auto& [name, some] : times) {
    all.Take(some);
    answer[name] = some.Show();
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  answer["all"] = all.Show();
  answer["seconds"] = seconds;
  answer["received_per_s"] = static_cast<double>(Received(*stub) - received) / seconds;
  return answer;
}

Json Pages(const std::string& socket, const Words& words) {
  const auto stub = Connect(socket);
  v1::ListPullsRequest request;
  request.set_page_size(NumberOf(words.at(0)));
  request.set_brief(words.at(1) == "brief");
  Times times;
  size_t pulls = 0, bytes = 0;
  for (int round = 0; round < NumberOf(words.at(2)); ++round) {
    pulls = 0;
    request.clear_page_token();
    do {
      v1::ListPullsResponse response;
      times.Add(Call(*stub, &Stub::ListPulls, request, &response));
      pulls += response.pulls_size();
      bytes = std::max(bytes, response.ByteSizeLong());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
  }
  Json answer = times.Show();
  answer["pulls"] = pulls;
  answer["largest_page_bytes"] = bytes;
  return answer;
}

Json CancelAll(const std::string& socket, const Words&) {
  const auto stub = Connect(socket);
  const v1::ListPullsResponse pulls = Open(*stub);
  const absl::Time begin = absl::Now();
  // The last first, so that none begins because another has ended.
  for (const auto& pull : pulls.pulls()) {
    v1::CancelPullRequest cancel;
    cancel.set_id(pull.id());
    cancel.set_discard_partial(true);
    v1::CancelPullResponse ignored;
    Call(*stub, &Stub::CancelPull, cancel, &ignored);
  }
  return {{"cancelled", pulls.pulls_size()}, {"took_s", absl::ToDoubleSeconds(absl::Now() - begin)}};
}

// One client after another: connects, asks for a pull that many ask for, watches for so many messages, is gone. `random` says when: before the
// answer, while messages come, or (one in ten) after a second of not reading.
class Visitors {
 public:
  Visitors(std::string socket, v1::PullRequest request, absl::Time end) : socket_(std::move(socket)), request_(std::move(request)), end_(end) {}

  void Run(int seed) {
    std::mt19937 random(seed);
    while (absl::Now() < end_) Visit(random);
  }
  std::atomic<int> visits{0}, refused{0};

 private:
  void Visit(std::mt19937& random) {
    const auto stub = Connect(socket_);
    ++visits;
    grpc::ClientContext asking, watching;
    if (random() % 10 == 0) asking.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(random() % 20));
    v1::PullResponse started;
    const grpc::Status status = stub->Pull(&asking, request_, &started);
    if (!status.ok()) {
      if (status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) ++refused;
      return;
    }
    v1::WatchPullRequest request;
    request.set_id(started.pull().id());
    const auto reader = stub->WatchPull(&watching, request);
    v1::WatchPullResponse response;
    for (unsigned left = random() % 15; left > 0 && absl::Now() < end_ && reader->Read(&response);) --left;
    if (random() % 10 == 0) absl::SleepFor(absl::Seconds(1));
    watching.TryCancel();
    while (reader->Read(&response)) {
    }
    reader->Finish();
  }

  const std::string socket_;
  const v1::PullRequest request_;
  const absl::Time end_;
};

Json Visit(const std::string& socket, const Words& words) {
  const absl::Time end = absl::Now() + absl::Seconds(NumberOf(words.at(1)));
  Visitors visitors(socket, RequestFor(words.at(3), words.at(2)), end);
  std::vector<std::thread> threads;
  for (int i = 0; i < NumberOf(words.at(0)); ++i) threads.emplace_back([&visitors, i] { visitors.Run(i); });
  for (std::thread& thread : threads) thread.join();
  return {{"visits", visitors.visits.load()}, {"refused", visitors.refused.load()}};
}

int Main(const Words& words) {
  const std::map<std::string, std::function<Json(const std::string&, const Words&)>> commands = {
      {"start", Start}, {"watch", WatchAs}, {"ask", Ask}, {"pages", Pages}, {"cancel", CancelAll}, {"visit", Visit}};
  const auto command = words.size() < 2 ? commands.end() : commands.find(words[1]);
  if (command == commands.end()) {
    std::fprintf(stderr, "usage: api_load SOCKET start|watch|ask|pages|cancel|visit …; see the top of bench/api_load.cc\n");
    return 2;
  }
  std::printf("%s\n", command->second(words[0], Words(words.begin() + 2, words.end())).dump().c_str());
  return 0;
}

}  // namespace
}  // namespace hfget::bench

int main(int argc, char** argv) { return hfget::bench::Main({argv + 1, argv + argc}); }
