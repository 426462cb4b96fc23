// A handler that writes down what it is told, and a loop that runs a client until a test has seen
// enough.
#ifndef HFGET_TESTS_NET_RECORDER_H_
#define HFGET_TESTS_NET_RECORDER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/net/curl_client.h"
#include "daemon/net/http.h"
#include "gtest/gtest.h"

namespace hfget::net {

// What one request was told. Thread: the loop.
struct Record {
  std::vector<ResponseHead> heads;
  std::string body;
  size_t largest_piece = 0;
  int body_calls = 0;
  int paused = 0;
  std::vector<Outcome> outcomes;

  bool done() const { return !outcomes.empty(); }
  NetError error() const { return outcomes.empty() ? NetError::kNone : outcomes.back().error; }
  int status() const { return heads.empty() ? 0 : heads.back().status; }
};

class Recorder final : public Handler {
 public:
  Next OnHead(RequestId id, const ResponseHead& head) override {
    EXPECT_TRUE(records[id].heads.empty() && !records[id].done()) << "OnHead twice or after OnDone";
    records[id].heads.push_back(head);
    return on_head ? on_head(id) : Next::kContinue;
  }
  Next OnBody(RequestId id, absl::string_view data) override {
    Record& record = records[id];
    EXPECT_TRUE(!record.heads.empty() && !record.done()) << "OnBody out of order";
    const Next next = on_body ? on_body(id, data) : Next::kContinue;
    ++record.body_calls;
    record.largest_piece = std::max(record.largest_piece, data.size());
    if (next == Next::kPause) ++record.paused;
    if (next == Next::kContinue) record.body.append(data.data(), data.size());
    return next;
  }
  void OnDone(RequestId id, const Outcome& outcome) override {
    EXPECT_FALSE(records[id].done()) << "OnDone twice";
    records[id].outcomes.push_back(outcome);
    if (on_done) on_done(id);
  }

  std::function<Next(RequestId)> on_head;
  std::function<Next(RequestId, absl::string_view)> on_body;
  std::function<void(RequestId)> on_done;
  std::map<RequestId, Record> records;
};

class ClientTest : public ::testing::Test {
 protected:
  static Request Get(std::string url) {
    Request request;
    request.url = std::move(url);
    request.proxy = "none";
    return request;
  }

  // False (and a failure) when `enough` does not come true.
  bool RunUntil(const std::function<bool()>& enough) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (!enough()) {
      if (absl::Now() > deadline) {
        ADD_FAILURE() << "not within 30 s";
        return false;
      }
      client_->Poll(absl::Milliseconds(100));
    }
    return true;
  }

  const Record& Fetch(Request request) {
    const RequestId id = client_->Start(std::move(request), &recorder_);
    RunUntil([&] { return recorder_.records[id].done(); });
    return recorder_.records[id];
  }

  // The ids of a new client begin anew.
  void RenewClient(const CurlClientOptions& options = {}) {
    client_ = NewCurlClient(options);
    recorder_.records.clear();
  }

  int Done() const {
    int done = 0;
    for (const auto& [id, record] : recorder_.records) done += record.done();
    return done;
  }

  Recorder recorder_;
  std::unique_ptr<Client> client_ = NewCurlClient();
};

}  // namespace hfget::net

#endif  // HFGET_TESTS_NET_RECORDER_H_
