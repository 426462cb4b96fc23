// The net of a simulation: servers that outlive a crash, and the client that one process has.
#ifndef HFGET_TESTS_FAKES_FAKE_NETWORK_H_
#define HFGET_TESTS_FAKES_FAKE_NETWORK_H_

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/url.h"
#include "daemon/net/http.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_host.h"
#include "tests/fakes/fake_line.h"

namespace hfget::testing {

// All servers there are. Thread: one.
class FakeInternet {
 public:
  FakeWorldContent content;
  FakeLine line;
  // Bodies come in chunks of so much time instead of 16 KiB, so that a simulation of hours is cheap; zero: they do not.
  absl::Duration chunk_time = absl::ZeroDuration();

  FakeHost& AddHub(std::string endpoint) {
    FakeHost& host = hosts_.emplace_back();
    host.endpoint = std::move(endpoint);
    return host;
  }
  FakeHost& AddDataHost(std::string origin) {
    FakeHost& host = AddHub(std::move(origin));
    host.is_hub = false;
    return host;
  }
  FakeHost* Find(const std::string& url) {
    for (FakeHost& host : hosts_) {
      if (absl::StartsWith(url, absl::StrCat(host.endpoint, "/"))) return &host;
    }
    return nullptr;
  }
  std::deque<FakeHost>& hosts() { return hosts_; }

 private:
  std::deque<FakeHost> hosts_;
};

// One process's client: bodies come in chunks whose times follow from the rates. Poll runs at most one event, so that
// whoever turns the engine sees every state between two. Thread: one.
class FakeNetwork final : public net::Client {
 public:
  FakeNetwork(FakeClock& clock, FakeInternet& internet, uint64_t seed) : clock_(clock), internet_(internet), rng_(seed) {}
  ~FakeNetwork() override {
    while (!flows_.empty()) Drop(flows_.begin()->first);
  }

  net::RequestId Start(net::Request request, net::Handler* handler) override {
    const net::RequestId id = ++last_id_;
    Flow& flow = flows_[id];
    flow.handler = handler;
    flow.host = internet_.Find(request.url);
    flow.request = std::move(request);
    After(id, ConnectTime(flow.host), [this, id](Flow& f) { OnConnected(id, f); });
    return id;
  }
  void Cancel(net::RequestId id) override { Drop(id); }
  void Resume(net::RequestId id) override {
    const auto it = flows_.find(id);
    if (it == flows_.end() || !it->second.paused) return;
    it->second.paused = false;
    SetActive(it->second, true);
    After(id, absl::ZeroDuration(), [this, id](Flow& f) { Deliver(id, f); });
  }
  void Poll(absl::Duration max_wait) override {
    const bool woken = std::exchange(woken_, false);
    clock_.RunOne(clock_.Steady() + (woken ? absl::ZeroDuration() : max_wait));
  }
  void Wake() override { woken_ = true; }

  size_t running() const { return flows_.size(); }

 private:
  static constexpr ByteCount kChunk = 16 * kKiB;  // as net/http.h promises

  // A view of the content, or bytes of its own.
  struct Chunk {
    absl::string_view view;
    std::string own;
    absl::string_view bytes() const { return own.empty() ? view : own; }
  };

  struct Flow {
    net::Handler* handler;
    FakeHost* host;
    net::Request request;
    FakeReply reply;
    Chunk chunk;               // on its way, or refused by a pause
    ByteCount done = 0;        // bytes delivered
    bool paused = false;
    bool active = false;       // counts in its host's share
  };

  // An event of one flow: nothing when it is gone by then.
  void After(net::RequestId id, absl::Duration delay, absl::AnyInvocable<void(Flow&)> event) {
    clock_.After(delay, [this, id, event = std::move(event)]() mutable {
      const auto it = flows_.find(id);
      if (it != flows_.end()) event(it->second);
    });
  }

  // Nothing when an earlier request has left a connection that lives.
  absl::Duration ConnectTime(FakeHost* host) {
    if (host == nullptr) return absl::Milliseconds(20);
    int& idle = idle_[host];
    if (idle == 0) return Jittered(*host);
    --idle;
    return absl::ZeroDuration();
  }

  absl::Duration Jittered(const FakeHost& host) {
    const double spread = host.shape.latency_spread;
    return host.latency * std::uniform_real_distribution(1 - 0.8 * spread, 1 + 1.2 * spread)(rng_);
  }

  void SetActive(Flow& flow, bool active) {
    if (flow.active == active || flow.host == nullptr) return;
    flow.active = active;
    flow.host->active += active ? 1 : -1;
    flow.host->peak_active = std::max(flow.host->peak_active, flow.host->active);
  }

  void Drop(net::RequestId id) {
    const auto it = flows_.find(id);
    if (it == flows_.end()) return;
    SetActive(it->second, false);
    flows_.erase(it);
  }

  void End(net::RequestId id, net::NetError error, std::string detail = "") {
    const auto it = flows_.find(id);
    if (it == flows_.end()) return;
    net::Handler* const handler = it->second.handler;
    net::Outcome outcome;
    outcome.error = error;
    outcome.detail = std::move(detail);
    outcome.body_bytes = it->second.done;
    if (error == net::NetError::kNone) ++idle_[it->second.host];
    Drop(id);
    handler->OnDone(id, outcome);
  }

  void OnConnected(net::RequestId id, Flow& flow) {
    if (flow.host == nullptr) return End(id, net::NetError::kResolve, "no such host");
    const bool may = flow.host->address.empty() || flow.request.may_connect == nullptr || flow.request.may_connect(flow.host->address);
    if (!may) return End(id, net::NetError::kForbidden, "leads inwards");
    const auto url = hub::ParseUrl(flow.request.url);
    if (!url.ok()) return End(id, net::NetError::kUnsupportedUrl, "not a URL");
    if (flow.host->shape.Lost(clock_.Steady())) {
      return After(id, Jittered(*flow.host), [this, id](Flow&) { End(id, net::NetError::kReset, "connection reset"); });
    }
    const std::string address = flow.host->address;
    flow.reply = flow.host->Answer(internet_.content, flow.request, *url, clock_.Wall(), rng_);
    const bool v6 = absl::StrContains(address, ':');
    if (!address.empty()) flow.reply.head.remote_address = absl::StrCat(v6 ? "[" : "", address, v6 ? "]:443" : ":443");
    switch (flow.reply.silence) {
      case FakeReply::Silence::kRefuse:
        return End(id, net::NetError::kConnect, "connection refused");
      case FakeReply::Silence::kConnectTimeout:
        return After(id, flow.request.connect_timeout,
                     [this, id](Flow&) { End(id, net::NetError::kConnectTimeout, "no connection in time"); });
      case FakeReply::Silence::kNoHead:
        return After(id, flow.request.head_timeout,
                     [this, id](Flow&) { End(id, net::NetError::kHeadTimeout, "no answer in time"); });
      case FakeReply::Silence::kNone:
        return After(id, Jittered(*flow.host), [this, id](Flow& f) { OnHead(id, f); });
    }
  }

  void OnHead(net::RequestId id, Flow& flow) {
    const auto next = flow.handler->OnHead(id, flow.reply.head);
    const auto it = flows_.find(id);
    if (it == flows_.end()) return;  // cancelled from inside
    if (next == net::Handler::Next::kAbort) return EndSoon(id);
    SetActive(flow, true);
    SendNext(id, flow);
  }

  void EndSoon(net::RequestId id) {
    After(id, absl::ZeroDuration(), [this, id](Flow&) { End(id, net::NetError::kCancelled, "aborted by the caller"); });
  }

  void SendNext(net::RequestId id, Flow& flow) {
    const FakeReply& r = flow.reply;
    const ByteCount left = r.body_bytes() - flow.done;
    if (left == 0) return After(id, absl::ZeroDuration(), [this, id](Flow&) { End(id, net::NetError::kNone); });
    if (flow.host->shape.Lost(clock_.Steady())) return End(id, net::NetError::kReset, "connection reset");
    const double rate = RateOf(flow);
    ByteCount n = std::min(left, ChunkSize(rate));
    if (r.stall_after) n = std::min(n, *r.stall_after - flow.done);
    if (r.break_after) n = std::min(n, *r.break_after - flow.done);
    if (n <= 0 && r.break_after && flow.done >= *r.break_after) {
      return After(id, absl::Milliseconds(1), [this, id](Flow&) { End(id, net::NetError::kReset, "connection reset"); });
    }
    if (n <= 0) return;  // silence from here on
    if (r.drip > absl::ZeroDuration()) n = 1;
    flow.chunk = Bytes(r, flow.done, n);
    n = flow.chunk.bytes().size();
    if (r.drip > absl::ZeroDuration()) return After(id, r.drip * n, [this, id](Flow& f) { Deliver(id, f); });
    After(id, absl::Seconds(n / rate), [this, id](Flow& f) { Deliver(id, f); });
  }

  ByteCount ChunkSize(double rate) {
    if (internet_.chunk_time > absl::ZeroDuration()) {
      const auto most = static_cast<ByteCount>(rate * absl::ToDoubleSeconds(internet_.chunk_time));
      return std::clamp<ByteCount>(most, kChunk / 8, 16 * kChunk);
    }
    // Chunks are not always whole, so that none of them keeps to the pieces' bounds.
    return rng_() % 8 == 0 ? 1 + static_cast<ByteCount>(rng_() % kChunk) : kChunk;
  }

  // What it gets of its host, and of the line, beside the others there are.
  double RateOf(const Flow& flow) const {
    const double line = internet_.line.Rate(clock_.Steady());
    const double rate = std::min(OwnRate(flow), HostLevel(*flow.host));
    if (line == kNoLimit) return rate;
    std::map<const FakeHost*, double> levels;
    std::vector<double> takers;
    for (const auto& [id, other] : flows_) {
      if (!other.active) continue;
      const auto [level, fresh] = levels.emplace(other.host, 0);
      if (fresh) level->second = HostLevel(*other.host);
      takers.push_back(std::min(OwnRate(other), level->second));
    }
    return std::min(rate, FairLevel(std::move(takers), line));
  }

  double HostLevel(const FakeHost& host) const {
    if (host.host_rate <= 0) return kNoLimit;
    std::vector<double> takers;
    for (const auto& [id, other] : flows_) {
      if (other.active && other.host == &host) takers.push_back(OwnRate(other));
    }
    return FairLevel(std::move(takers), static_cast<double>(host.host_rate) * HostFactor(host));
  }

  double HostFactor(const FakeHost& host) const {
    return host.shape.HostFactor(clock_.Steady(), host.active, host.sent);
  }

  // Were it alone.
  double OwnRate(const Flow& flow) const {
    const FakeHost& host = *flow.host;
    double rate = static_cast<double>(host.connection_rate) * host.shape.ConnectionFactor(flow.done);
    if (flow.request.max_bytes_per_sec > 0) rate = std::min(rate, static_cast<double>(flow.request.max_bytes_per_sec));
    if (flow.reply.slow_after && flow.done >= *flow.reply.slow_after) rate = static_cast<double>(flow.reply.slow_rate);
    return std::max(1.0, rate * HostFactor(host));
  }

  static bool Altered(const FakeReply& reply, ByteRange bytes) {
    return reply.garbage || std::any_of(reply.flips.begin(), reply.flips.end(), [bytes](ByteCount flip) {
             return flip >= bytes.begin && flip < bytes.end;
           });
  }

  Chunk Bytes(const FakeReply& reply, ByteCount from, ByteCount n) {
    if (reply.endless) return {{}, reply.text.substr(0, n)};
    if (!reply.text.empty()) return {{}, reply.text.substr(from, n)};
    // Where bytes do not matter they are the same few: they stay in the processor's cache.
    const bool any = internet_.chunk_time > absl::ZeroDuration();
    const ByteCount offset = any ? 0 : reply.range.begin + from;
    const absl::string_view view = reply.content.View(offset, n);
    if (!Altered(reply, {offset, offset + static_cast<ByteCount>(view.size())})) return {view, ""};
    std::string bytes(view);
    if (reply.garbage) {
      for (char& c : bytes) c = static_cast<char>(rng_());
    }
    for (const ByteCount flip : reply.flips) {
      if (flip >= offset && flip < offset + static_cast<ByteCount>(bytes.size())) bytes[flip - offset] ^= 1;
    }
    return {{}, std::move(bytes)};
  }

  void Deliver(net::RequestId id, Flow& flow) {
    // Not the flow's any more: it may be gone when the call returns.
    Chunk chunk = std::move(flow.chunk);
    const auto next = flow.handler->OnBody(id, chunk.bytes());
    const auto it = flows_.find(id);
    if (it == flows_.end()) return;
    if (next == net::Handler::Next::kPause) {
      flow.paused = true;
      flow.chunk = std::move(chunk);
      return SetActive(flow, false);
    }
    const auto bytes = static_cast<ByteCount>(chunk.bytes().size());
    flow.done += bytes;
    flow.host->sent += bytes;
    if (next == net::Handler::Next::kAbort) return EndSoon(id);
    SendNext(id, flow);
  }

  FakeClock& clock_;
  FakeInternet& internet_;
  std::mt19937_64 rng_;
  std::map<net::RequestId, Flow> flows_;
  std::map<FakeHost*, int> idle_;  // connections
  net::RequestId last_id_ = 0;
  bool woken_ = false;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_NETWORK_H_
