#include "daemon/net/curl_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/macros.h"
#include "absl/container/flat_hash_map.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/net/exchange.h"

namespace hfget::net {
namespace {

void InitCurlOnce() {
  static const bool done = [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) std::abort();  // no memory at start
    std::signal(SIGPIPE, SIG_IGN);
    if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0) {
      spdlog::warn(
          "this libcurl resolves names in the loop: slow name servers will slow all transfers");
    }
    return true;
  }();
  ABSL_ASSERT(done);
  (void)done;
}

void WarnOf(const char* what, CURLMcode code) {
  if (code != CURLM_OK) spdlog::warn("libcurl {} failed: {}", what, curl_multi_strerror(code));
}

class CurlClient final : public Client {
 public:
  explicit CurlClient(CurlClientOptions options);
  ~CurlClient() override;

  RequestId Start(Request request, Handler* handler) override;
  void Cancel(RequestId id) override;
  void Resume(RequestId id) override;
  void Poll(absl::Duration max_wait) override;
  void Wake() override;

 private:
  void AttachStarted(absl::Time now);
  void Attach(Exchange& exchange, absl::Time now);
  void ContinueResumed();
  void Wait(absl::Duration max_wait, absl::Time now);
  void Perform();
  void RemoveDoomed();
  void FinishDone();
  void FinishLate(absl::Time now);
  void Finish(Exchange& exchange, const Outcome& outcome);
  std::unique_ptr<Exchange> Take(RequestId id);
  Exchange* Find(RequestId id);

  long ReceiveBuffer() const;
  CURL* TakeHandle();
  void GiveHandle(CURL* easy, bool clean);

  // Constant after construction.
  const CurlClientOptions options_;
  CURLM* const multi_;
  CURLSH* const share_;

  // Loop thread only.
  ExchangeDefaults defaults_;
  std::thread::id owner_;
  RequestId last_id_ = 0;
  bool inside_curl_ =
      false;  // a handler is running below libcurl: handles may not be added or removed
  absl::flat_hash_map<RequestId, std::unique_ptr<Exchange>> exchanges_;
  std::vector<RequestId> started_;
  std::vector<RequestId> resumed_;
  std::vector<RequestId> doomed_;  // cancelled while inside_curl_
  std::set<std::pair<absl::Time, RequestId>> head_deadlines_;
  std::vector<CURL*> handles_;
};

CurlClient::CurlClient(CurlClientOptions options)
    : options_(std::move(options)),
      multi_(curl_multi_init()),
      share_(curl_share_init()),
      defaults_{options_.user_agent, static_cast<long>(options_.receive_buffer_bytes),
                static_cast<long>(absl::ToInt64Seconds(options_.idle_time)), TrustOfEnvironment()} {
  if (multi_ == nullptr || share_ == nullptr) std::abort();  // no memory at start
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.idle_connections));
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  // One thread uses it, so it needs no locks. With it, a second connection to a host skips half of
  // the TLS handshake.
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

CurlClient::~CurlClient() {
  for (auto& [id, exchange] : exchanges_) {
    exchange->Detach();
    if (exchange->easy() == nullptr) continue;
    curl_multi_remove_handle(multi_, exchange->easy());
    curl_easy_cleanup(exchange->easy());
  }
  for (CURL* easy : handles_) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi_);
  curl_share_cleanup(share_);
}

RequestId CurlClient::Start(Request request, Handler* handler) {
  const RequestId id = ++last_id_;
  exchanges_.emplace(id, std::make_unique<Exchange>(id, std::move(request), handler));
  started_.push_back(id);
  return id;
}

void CurlClient::Cancel(RequestId id) {
  Exchange* exchange = Find(id);
  if (exchange == nullptr) return;
  exchange->Detach();
  if (inside_curl_) {
    doomed_.push_back(id);
  } else {
    Take(id);
  }
}

void CurlClient::Resume(RequestId id) {
  if (Find(id) != nullptr)
    resumed_.push_back(id);  // libcurl would call the handler from inside of curl_easy_pause
}

void CurlClient::Wake() { curl_multi_wakeup(multi_); }

void CurlClient::Poll(absl::Duration max_wait) {
  if (owner_ == std::thread::id()) owner_ = std::this_thread::get_id();
  ABSL_ASSERT(owner_ == std::this_thread::get_id() && !inside_curl_);
  const bool busy = !started_.empty() || !resumed_.empty();
  const absl::Time now = RealClock().Steady();
  AttachStarted(now);
  ContinueResumed();
  Wait(busy ? absl::ZeroDuration() : max_wait, now);
  Perform();
  RemoveDoomed();
  FinishDone();
  FinishLate(RealClock().Steady());
}

void CurlClient::AttachStarted(absl::Time now) {
  for (RequestId id : std::exchange(started_, {})) {
    if (Exchange* exchange = Find(id)) Attach(*exchange, now);
  }
}

void CurlClient::Attach(Exchange& exchange, absl::Time now) {
  CURL* easy = TakeHandle();
  if (easy == nullptr) return Finish(exchange, exchange.OutcomeOf(NetError::kLocal, "no memory"));
  defaults_.receive_buffer_bytes = ReceiveBuffer();
  const absl::Status status = exchange.Attach(easy, defaults_);
  if (!status.ok()) {
    if (exchange.easy() == nullptr) GiveHandle(easy, /*clean=*/true);
    return Finish(exchange, exchange.OutcomeOf(exchange.refusal(), std::string(status.message())));
  }
  const CURLMcode code = curl_multi_add_handle(multi_, easy);
  if (code != CURLM_OK) {
    return Finish(exchange, exchange.OutcomeOf(NetError::kLocal, curl_multi_strerror(code)));
  }
  exchange.head_deadline = now + exchange.head_timeout();
  head_deadlines_.emplace(exchange.head_deadline, exchange.id());
}

void CurlClient::ContinueResumed() {
  for (RequestId id : std::exchange(resumed_, {})) {
    Exchange* exchange = Find(id);
    if (exchange == nullptr || exchange->easy() == nullptr) continue;
    inside_curl_ = true;
    const CURLcode code = exchange->Continue();
    inside_curl_ = false;
    // libcurl has dropped the bytes that it held and would go on behind the gap.
    if (code != CURLE_OK && exchange->handler() != nullptr)
      Finish(*exchange, exchange->OutcomeOf(code));
  }
  RemoveDoomed();
}

void CurlClient::Wait(absl::Duration max_wait, absl::Time now) {
  if (!head_deadlines_.empty()) {
    max_wait = std::min(max_wait, head_deadlines_.begin()->first - now);
  }
  max_wait = std::clamp(max_wait, absl::ZeroDuration(), absl::Hours(1));
  const int milliseconds = absl::ToInt64Milliseconds(absl::Ceil(max_wait, absl::Milliseconds(1)));
  WarnOf("poll", curl_multi_poll(multi_, nullptr, 0, milliseconds, nullptr));
}

void CurlClient::Perform() {
  int running = 0;
  inside_curl_ = true;
  const CURLMcode code = curl_multi_perform(multi_, &running);
  inside_curl_ = false;
  WarnOf("perform", code);
}

void CurlClient::RemoveDoomed() {
  for (RequestId id : std::exchange(doomed_, {})) Take(id);
}

void CurlClient::FinishDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Exchange* exchange = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
    Finish(*exchange, exchange->OutcomeOf(message->data.result));
  }
}

void CurlClient::FinishLate(absl::Time now) {
  while (!head_deadlines_.empty() && head_deadlines_.begin()->first <= now) {
    const RequestId id = head_deadlines_.begin()->second;
    head_deadlines_.erase(head_deadlines_.begin());
    Exchange* exchange = Find(id);
    if (exchange == nullptr || exchange->head_complete()) continue;
    Finish(*exchange,
           exchange->OutcomeOf(
               NetError::kHeadTimeout,
               absl::StrCat("no answer within ", absl::FormatDuration(exchange->head_timeout()))));
  }
}

void CurlClient::Finish(Exchange& exchange, const Outcome& outcome) {
  Handler* handler = exchange.handler();
  const RequestId id = exchange.id();
  Take(id);
  if (handler != nullptr) handler->OnDone(id, outcome);
}

// Out of all books; its handle is free again.
std::unique_ptr<Exchange> CurlClient::Take(RequestId id) {
  const auto entry = exchanges_.find(id);
  if (entry == exchanges_.end()) return nullptr;
  std::unique_ptr<Exchange> exchange = std::move(entry->second);
  exchanges_.erase(entry);
  head_deadlines_.erase({exchange->head_deadline, id});
  if (exchange->easy() != nullptr) {
    curl_multi_remove_handle(multi_, exchange->easy());
    GiveHandle(exchange->easy(), exchange->clean());
  }
  return exchange;
}

Exchange* CurlClient::Find(RequestId id) {
  const auto entry = exchanges_.find(id);
  return entry == exchanges_.end() ? nullptr : entry->second.get();
}

long CurlClient::ReceiveBuffer() const {
  const auto share = options_.all_receive_buffers_bytes / static_cast<ByteCount>(std::max<size_t>(exchanges_.size(), 1));
  return static_cast<long>(std::min(options_.receive_buffer_bytes, std::max<ByteCount>(share, 64 * kKiB)));
}

CURL* CurlClient::TakeHandle() {
  if (!handles_.empty()) {
    CURL* easy = handles_.back();
    handles_.pop_back();
    return easy;
  }
  CURL* easy = curl_easy_init();
  if (easy != nullptr) curl_easy_setopt(easy, CURLOPT_SHARE, share_);
  return easy;
}

// A handle whose request failed is not used again: libcurl may leave its receive buffer behind, and
// then refuses options.
void CurlClient::GiveHandle(CURL* easy, bool clean) {
  if (!clean || static_cast<int>(handles_.size()) >= options_.idle_handles) {
    curl_easy_cleanup(easy);
    return;
  }
  curl_easy_reset(
      easy);  // the token's header list and all callbacks are forgotten; the share stays
  handles_.push_back(easy);
}

}  // namespace

std::unique_ptr<Client> NewCurlClient(CurlClientOptions options) {
  InitCurlOnce();
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace hfget::net
